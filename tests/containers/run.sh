#!/usr/bin/env bash
# `make test-containers`: builds the image with Docker, or with podman of a lab of its own, and runs the tests in it.
# `run.sh PYTHON [ARGUMENTS...]`: with arguments for Python, other than the tests, such as `-m tests.bench.containers`.
# LAB names the lab's folder. ONBOARDING_TEST_IMAGE names an image that is there already.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=$PWD/$1
shift
lab=tests/containers/lab engine=docker

if [ -n "${LAB:-}" ] || ! docker info >/dev/null 2>&1; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo "make test-containers needs Docker that runs (\`docker info\`), or root and apt-get to install podman."
    echo "To have Docker: https://docs.docker.com/engine/install/"
    exit 2
  fi
  export LAB=${LAB:-$PWD/.onboarding/lab} BASE=localhost/python-base
  engine=podman
  mkdir -p "$LAB"
  LAB=$(cd "$LAB" && pwd)
  echo "no Docker: podman in $LAB, with stand-ins for the images of Python, Kafka and MongoDB"
  bash $lab/up.sh
  . $lab/env.sh
  bash $lab/service.sh start
  trap 'bash $lab/service.sh stop' EXIT
  bash $lab/images.sh "$python"
fi

if [ -z "${ONBOARDING_TEST_IMAGE:-}" ]; then
  export ONBOARDING_TEST_IMAGE=localhost/onboarding
  log=$(mktemp)
  bash deploy/docker/build.sh $ONBOARDING_TEST_IMAGE $engine >"$log" 2>&1 || { tail -n 30 "$log"; exit 1; }
  tail -n 1 "$log"
  rm "$log"
fi
[ $# != 0 ] || set -- -m pytest -q --durations=5 -m containers tests/containers
"$python" "$@"
