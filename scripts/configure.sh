#!/bin/bash
# Configures a build tree with Ninja, and keeps quiet about it unless it fails.
#
# usage: scripts/configure.sh DIRECTORY [-DOPTION=VALUE...]
#
# A new tree is made without tests unless asked for: `make build` must not need GoogleTest. What an earlier run
# chose stays, so that `make build` after `make test` does not configure twice.
set -euo pipefail
cd "$(dirname "$0")/.."

directory=$1
shift
arguments=("$@")
if [[ ! -f $directory/build.ninja ]]; then
  arguments=(-DCOOPER_TESTS=OFF "$@")
elif [[ $# -eq 0 ]]; then
  exit 0
fi

# A cache that was made in another place (a moved or copied checkout) cannot be used.
if [[ -f $directory/CMakeCache.txt ]] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD" "$directory/CMakeCache.txt"; then
  rm -rf "$directory/CMakeCache.txt" "$directory/CMakeFiles"
fi

mkdir -p "$directory"
log=$directory/configure.log
if ! cmake -S . -B "$directory" -G Ninja "${arguments[@]}" >"$log" 2>&1 </dev/null; then
  cat "$log" >&2
  exit 1
fi
