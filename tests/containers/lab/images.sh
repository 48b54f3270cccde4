#!/usr/bin/env bash
# Stand-ins for the images of Kafka and MongoDB: the jars that `onboarding broker install` fetches, and the mongod
# of the extra `embedded`, on the base image of up.sh. They take the settings that apache/kafka and mongo take.
# `images.sh PYTHON`: the one of the project's environment.
set -euo pipefail
python=$1
lab=$(cd "$(dirname "$0")" && pwd)
. "$lab/env.sh"
with_apt=(-v /etc/apt/sources.list.d:/etc/apt/sources.list.d:ro)
[ ! -e /etc/apt/sources.list ] || with_apt+=(-v /etc/apt/sources.list:/etc/apt/sources.list:ro)

build() { # NAME, WHAT IT NEEDS BESIDE ITS FOLDER
  local tag=localhost/onboarding-lab/$1 context
  podman image exists "$tag" && return
  context=$(mktemp -d)
  cp -rL "$lab/$1"/. "$2" "$context/"
  podman build -q --pull=never --isolation chroot "${with_apt[@]}" -t "$tag" "$context" >"$LAB/$1.log" 2>&1 || {
    tail -n 20 "$LAB/$1.log"
    exit 1
  }
  rm -rf "$context"
}

jars() { "$python" -c 'import os; from deploy.local.apache_install import jars_folder as folder; print(folder(os.environ))'; }
[ -d "$(jars)" ] || "$(dirname "$python")/onboarding" broker install
build kafka "$(jars)"
build mongo "$("$python" -c 'from deploy.local.embedded import MONGOD_WHEEL, binary; print(binary(MONGOD_WHEEL, "mongod"))')"
