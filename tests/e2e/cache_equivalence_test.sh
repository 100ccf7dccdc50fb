#!/bin/bash
# Random projects, built warm and clean: the images are the same. See cache_equivalence.cpp.
#
# EQUIVALENCE holds more arguments, for instance '--cases 2000' or '--seed 42'; they win over those below.
# runs only: self user
# with program: cache_equivalence
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need busybox

# The ordinary user's builds differ in how layers lie in the store, not in keys: fewer cases show it.
cases=200
[[ $(id -u) -eq 0 ]] || cases=40
arguments=(--cooper "$cooper" --cases "$cases")
can_run || arguments+=(--no-run)

# Most of the time goes into making and removing files: a file system in memory halves it, where steps can run on one.
if fast=$(mktemp -d /dev/shm/cooper-e2e.XXXXXX 2>/dev/null); then
  trap 'rm -rf "$fast" 2>/dev/null || unshare --map-root-user --map-auto -- rm -rf "$fast"' EXIT
  if can_run && "$cooper" build --store "$fast/probe" "$work/.probe" 2>/dev/null; then export TMPDIR=$fast; fi
fi
read -r -a more <<<"${EQUIVALENCE:-}"
"$E2E_DIRECTORY/cache_equivalence" "${arguments[@]}" "${more[@]}"
[[ -z $fast ]] || "$e2e/leftovers.sh" "$fast"
