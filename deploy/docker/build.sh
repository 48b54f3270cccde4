#!/usr/bin/env bash
# `build.sh TAG [ENGINE]`: the image, by docker or podman. BASE names another base image. Where pip needs settings or
# authorities of its own, those of this machine are given to the build as secrets, and stay out of the image.
set -euo pipefail
cd "$(dirname "$0")/../.."
tag=$1 engine=${2:-docker}
pip_conf=${PIP_CONF:-/etc/pip.conf} pip_ca=${PIP_CA:-/etc/ssl/certs/ca-certificates.crt}
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' pyproject.toml)
options=(--build-arg "BASE=${BASE:-python:3.11-slim}" --build-arg "VERSION=$version")
options+=(--build-arg "REVISION=$(git rev-parse HEAD 2>/dev/null || echo unknown)")
[ ! -s "$pip_conf" ] || options+=(--secret "id=pipconf,src=$pip_conf")
[ ! -s "$pip_ca" ] || options+=(--secret "id=ca,src=$pip_ca")
# Without this format podman leaves out HEALTHCHECK; without chroot it wants rights that a container may not have.
[ "$engine" != podman ] || options+=(--layers --format docker --isolation chroot --pull=missing)
began=$(date +%s)
"$engine" build "${options[@]}" --file deploy/docker/Dockerfile --tag "$tag" .
echo "$tag: built in $(($(date +%s) - began)) s"
