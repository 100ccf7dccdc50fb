#!/bin/bash
# Installs Azurite, Microsoft's emulator of Azure Storage, into the build tree for the tests that ask it.
#
# usage: scripts/azurite.sh [BUILD]      where npm is missing, or reaches no registry, those tests skip and say so
set -euo pipefail
cd "$(dirname "$0")/.."
directory=${1:-build}/azurite
version=3.35.0

installed=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' "$directory/node_modules/azurite/package.json" 2>/dev/null || true)
[[ $installed != "$version" ]] || exit 0
if ! command -v npm >/dev/null; then
  echo "npm is not installed, so nothing is tried on Azurite"
  exit 0
fi
mkdir -p "$directory"
npm install --silent --no-audit --no-fund --prefix "$directory" "azurite@$version" >"$directory/npm.log" 2>&1 ||
  echo "cannot install Azurite, so nothing is tried on it: $(tail -n 1 "$directory/npm.log")"
