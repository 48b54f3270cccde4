#!/usr/bin/env bash
# A lane of `make test-all`: pytest as it is given. Tests of a few modules that failed are run once more, without the
# others, on servers of their own: one that then passes met an order of events that is rare. It counts as passed, is told
# here, and again by `tests/lane.sh told` at the end: it is a bug, of the test or of what it tests, that waits to be
# found. Modules are counted, for where a module's servers did not come up, all its tests fail.
set -uo pipefail
FEW=3  # modules
report=.onboarding/reports/passed-the-second-time.txt
mkdir -p "$(dirname "$report")"

case $1 in
begin) rm -f "$report" && exit ;;
told)
  if [ -s "$report" ]; then
    echo "These tests failed, and passed when they were run again. Each is a bug; see docs/develop.md:"
    cat "$report"
  fi
  exit 0 ;;
esac

cache=$(mktemp -d)
trap 'rm -rf "$cache"' EXIT
"$@" -o "cache_dir=$cache"
code=$?
[ $code -eq 1 ] || exit $code
names='/^  ".*": true,\{0,1\}$/{s/^  "\(.*\)": true,\{0,1\}$/  \1/;s/\\\(["\\]\)/\1/g;p;}'  # they are in JSON
failed=$(sed -n "$names" "$cache/v/cache/lastfailed")
[ "$(sed "s/::.*//" <<< "$failed" | sort -u | wc -l)" -le $FEW ] || exit 1
printf 'Once more, without the others:\n%s\n' "$failed"
"$@" -o "cache_dir=$cache" --last-failed --last-failed-no-failures none || exit
echo "$failed" >> "$report"
