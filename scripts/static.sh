#!/bin/bash
# Makes the portable cooper: one file that runs on any x86-64 or arm64 Linux, with no library beside it.
#
# usage: scripts/static.sh [BUILD]      makes BUILD/static/cooper; `make static` also installs what this needs
#
# JOBS is the number of compilers at once. The tree is BUILD-static, beside BUILD, because ccache knows the ordinary build's
# objects again only at the same depth; with them there is little to compile.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build}

scripts/static_deps.sh "$build/static-deps"
scripts/configure.sh "$build-static" -DCOOPER_STATIC=ON -DCOOPER_STATIC_DEPS="$(realpath "$build/static-deps")"
ninja -C "$build-static" -j "${JOBS:-$(nproc)}" --quiet cooper

if readelf --program-headers --wide "$build-static/cooper" | grep -q INTERP; then
  echo "static.sh: '$build-static/cooper' wants a loader: something in it is linked as a shared library" >&2
  exit 1
fi

mkdir -p "$build/static"
strip -o "$build/static/cooper" "$build-static/cooper"
