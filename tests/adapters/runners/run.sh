#!/bin/sh
# Runs a test of the packaging with Debian's Python, which has the YAML library, and skips where that is missing.
#
# usage: run.sh TEST.py [ARGUMENT...]        $COOPER: a real program to use in place of the stand-in
set -eu
if ! /usr/bin/python3 -c 'import yaml' 2>/dev/null; then
  echo "skipped: python3-yaml is not installed"
  exit 77
fi
PYTHONDONTWRITEBYTECODE=1 exec /usr/bin/python3 "$@"
