#!/bin/bash
# Runs one end-to-end test as one identity, in a directory of its own that is removed afterwards.
#
# usage: tests/e2e/run.sh IDENTITY TEST.sh COOPER [PROGRAM...]        identities as in become.sh
#
# Programs that the test drives beside cooper are found in $E2E_DIRECTORY under their own names.
#
# Exit code 77 means skipped, with the reason on standard output.
set -euo pipefail
identity=$1
script=$2
cooper=$3
shift 3
here=$(dirname "$(realpath "$0")")

if [[ $identity != self && $(id -u) -ne 0 ]]; then
  echo "skipped: only root can become another user"
  exit 77
fi

# A copy of everything the test reads: the checkout may be out of an ordinary user's reach.
directory=$(mktemp -d "${TMPDIR:-/tmp}/cooper-e2e.XXXXXX")
# shellcheck disable=SC2317  # called by the trap
remove() {
  chmod -R u+rwX "$directory" 2>/dev/null || true
  # Files of subordinate ids can only be removed from inside a namespace that has them.
  rm -rf "$directory" 2>/dev/null || unshare --map-root-user --map-auto -- rm -rf "$directory"
}
trap remove EXIT
chmod 0755 "$directory"
mkdir -p "$directory/e2e" "$directory/home" "$directory/work" "$directory/tmp"
cp "$here"/*.sh "$here"/*.pl "$here/../../scripts/registry.sh" "$directory/e2e/"
cp "$cooper" "$directory/cooper"
[[ $# -eq 0 ]] || cp "$@" "$directory/"
chmod -R a+rX "$directory"

result=0
E2E_DIRECTORY=$directory bash "$here/become.sh" "$identity" \
  bash "$directory/e2e/$(basename "$script")" </dev/null || result=$?

# What a test must not leave behind, whatever its own opinion was. Not for skipped ones: they did nothing.
if [[ $result -ne 77 ]] && ! bash "$here/leftovers.sh" "$directory"; then
  result=1
fi
exit "$result"
