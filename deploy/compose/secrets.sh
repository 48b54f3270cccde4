#!/usr/bin/env bash
# Makes deploy/compose/secrets/, once: what is there stays. The folder is for its owner alone; the files can be read
# by the users that containers run as.
set -euo pipefail
cd "$(dirname "$0")"
mkdir -p secrets
chmod 0700 secrets
secret() { # NAME, TEXT
  [ -s "secrets/$1" ] || printf '%s\n' "$2" >"secrets/$1"
  chmod 0444 "secrets/$1"
}
random() { head -c 32 /dev/urandom | base64 | tr -d '=+/\n'; }
secret hash_key "$(random)"
secret grafana_password "$(random)"
secret mongo "mongodb://mongo:27017/?replicaSet=onboarding&w=majority&journal=true&retryWrites=true&readConcernLevel=majority&serverSelectionTimeoutMS=5000&connectTimeoutMS=3000&socketTimeoutMS=20000&wTimeoutMS=10000"
