#!/bin/bash
# Runs a command in a container as CI systems start them, with runc and the machine's own files, read-only.
#
# usage: tests/sandbox/containers.sh KIND DIRECTORY COMMAND [ARGUMENT...]      kinds: see container_config.py
#
# DIRECTORY is at /mnt/cooper, read-only; DIRECTORY/volume, which is emptied for the container's user and
# stays afterwards, is at /mnt/volume, writable, the current directory, and has `home` and `tmp`.
#
# Exit code: the command's; 77 where containers cannot be run, with the reason on standard output.
set -euo pipefail

here=$(dirname "$(realpath "$0")")
calls=$here/../../core/sandbox/seccomp_table.cpp

if [[ ${1:-} == inside ]]; then # in a mount namespace of its own
  shift
  kind=$1 directory=$2 bundle=$3
  shift 3
  mount --bind / "$bundle/rootfs"
  python3 "$here/container_config.py" "$kind" "$directory" "$bundle/rootfs" "$calls" "$@" >"$bundle/config.json"
  exec runc --root "$bundle/state" run --bundle "$bundle" "cooper-$$"
fi

kind=$1
directory=$(realpath "$2")
shift 2

for program in runc python3 jq; do
  if ! command -v "$program" >/dev/null; then
    echo "skipped: no $program (scripts/packages.sh test)"
    exit 77
  fi
done
if [[ $(id -u) -ne 0 ]]; then
  echo "skipped: only root can start such containers"
  exit 77
fi

bundle=$(mktemp -d "${TMPDIR:-/tmp}/cooper-container.XXXXXX")
trap 'rm -rf --one-file-system "$bundle"' EXIT
mkdir "$bundle/rootfs" "$bundle/state"
rm -rf "$directory/volume"
mkdir -p "$directory/volume/home" "$directory/volume/tmp"
user=$(python3 "$here/container_config.py" "$kind" "$directory" "$bundle/rootfs" "$calls" true | jq .process.user.uid)
chown -R "$user:$user" "$directory/volume"

result=0
unshare --mount --propagation private "$0" inside "$kind" "$directory" "$bundle" "$@" || result=$?
exit "$result"
