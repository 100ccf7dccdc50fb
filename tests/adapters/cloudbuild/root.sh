#!/bin/sh
# Runs a program where /workspace and /builder are what a Cloud Build step sees, and all else is this machine: a root directory of
# its own in a mount namespace, which ends with the program and leaves nothing behind.
#
# usage: root.sh EMPTY_DIRECTORY WORKING_DIRECTORY [SOURCE=TARGET...] -- PROGRAM [ARGUMENT...]      TARGET is a new name in / or below one
set -eu
if [ "${COOPER_ROOT_STAGE:-}" != inside ]; then
  COOPER_ROOT_STAGE=inside
  export COOPER_ROOT_STAGE
  if [ "$(id -u)" -eq 0 ]; then exec unshare -m --propagation private sh "$0" "$@"; fi
  exec unshare -rm --propagation private sh "$0" "$@"
fi
unset COOPER_ROOT_STAGE
root=$1
directory=$2
shift 2
mount -t tmpfs -o mode=755 tmpfs "$root"
for entry in /*; do
  if [ -L "$entry" ]; then
    cp -P "$entry" "$root$entry"
  elif [ -d "$entry" ]; then
    mkdir "$root$entry"
    mount --rbind "$entry" "$root$entry"
  fi
done
while [ "$1" != -- ]; do
  target=$root${1##*=}
  mkdir -p "$target"
  mount --bind "${1%=*}" "$target"
  shift
done
shift
cd "$root"
pivot_root . .
umount -l .
cd "$directory"
exec "$@"
