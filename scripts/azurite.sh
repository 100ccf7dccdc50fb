#!/bin/bash
# Installs Azurite, Microsoft's emulator of Azure Storage, into the build tree for the tests that ask it.
#
# usage: scripts/azurite.sh [BUILD]      needs npm; without Azurite those tests skip and say so
set -euo pipefail
cd "$(dirname "$0")/.."
directory=${1:-build}/azurite
version=3.35.0

if ! command -v npm >/dev/null; then
  echo "azurite.sh: npm is not installed" >&2
  echo "hint: apt-get install npm" >&2
  exit 1
fi
mkdir -p "$directory"
npm install --silent --no-audit --no-fund --prefix "$directory" "azurite@$version"
