#!/usr/bin/env bash
# Podman without a hub, on Debian, as root: installs it, configures it in $LAB, makes the base image from Debian's
# packages. A second call does what is left to do.
set -euo pipefail
cd "$(dirname "$0")"
export LAB DEBIAN_FRONTEND=noninteractive
. ./env.sh
mkdir -p "$LAB/conf/networks"
packages=(podman buildah runc netavark aardvark-dns iptables mmdebstrap curl)
dpkg -s "${packages[@]}" >/dev/null 2>&1 || {
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${packages[@]}" >"$LAB/apt.log" 2>&1
}

limit() { # podman may not raise limits that the machine sets it
  local most
  most=$(ulimit -H"$1")
  [ "$most" != unlimited ] && [ "$most" -le 16384 ] || most=16384
  echo "$most:$most"
}
cat >"$CONTAINERS_CONF" <<C
[containers]
default_ulimits = ["nofile=$(limit n)", "nproc=$(limit u)"]
log_driver = "k8s-file"
[network]
network_backend = "netavark"
network_config_dir = "$LAB/conf/networks"
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "runc"
C
{ # no hub is ever asked
  printf 'unqualified-search-registries = []\nshort-name-mode = "disabled"\n'
  for top in io com org net dev; do printf '[[registry]]\nprefix = "*.%s"\nblocked = true\n' $top; done
} >"$CONTAINERS_REGISTRIES_CONF"
storage() {
  printf '[storage]\ndriver = "%s"\ngraphroot = "%s"\nrunroot = "%s"\n' "$1" "$LAB/store-$1" "$LAB/run-$1" >"$CONTAINERS_STORAGE_CONF"
}
storage overlay
podman info >/dev/null 2>&1 || storage vfs # slower, but needs nothing of the kernel

podman image exists localhost/python-base || {
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  mapfile -t sources < <(ls /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources 2>/dev/null)
  TMPDIR=$scratch mmdebstrap --mode=root --variant=apt \
    --include=python3,python3-venv,python3-pip,ca-certificates --aptopt='Apt::Install-Recommends "false"' \
    --aptopt='Acquire::Check-Valid-Until "false"' --aptopt='Acquire::Languages "none"' --dpkgopt=force-unsafe-io \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/locale/*' --setup-hook='mkdir -p "$1"/usr/share/man/man1' \
    --customize-hook='ln -s python3 "$1/usr/bin/python"' \
    --customize-hook='rm -rf "$1"/var/cache/apt/* "$1"/var/lib/apt/lists/* "$1"/var/log/* "$1"/etc/resolv.conf' \
    --customize-hook='rm -rf "$1"/etc/hostname "$1"/etc/apt/sources.list "$1"/etc/apt/sources.list.d/*' \
    "" "$scratch/base.tar" "${sources[@]}" >"$LAB/base.log" 2>&1
  podman import -q -c 'CMD ["python3"]' -c 'ENV PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
    "$scratch/base.tar" localhost/python-base
}
