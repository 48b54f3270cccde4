#!/usr/bin/env bash
# `start` or `stop` what answers as Docker would at $LAB/podman.sock.
set -euo pipefail
cd "$(dirname "$0")"
. ./env.sh
stop() {
  [ ! -s "$LAB/service.pid" ] || kill "$(cat "$LAB/service.pid")" 2>/dev/null || true
  rm -f "$LAB/service.pid" "$LAB/podman.sock"
}
start() {
  stop
  setsid podman system service --time=0 "$DOCKER_HOST" >"$LAB/service.log" 2>&1 </dev/null &
  echo $! >"$LAB/service.pid"
  for _ in $(seq 100); do
    curl -sf --unix-socket "$LAB/podman.sock" http://d/_ping >/dev/null && return
    sleep .1
  done
  cat "$LAB/service.log"
  return 1
}
"$1"
