#!/bin/bash
# A full disk: a clear error, nothing half-written, and the next build works once there is room.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"

# The small disk is a tmpfs, which needs root, of the machine or of a namespace of its own.
if [[ -z ${IN_NAMESPACE:-} ]]; then
  namespaces=(--mount --propagation private)
  [[ $(id -u) -eq 0 ]] || namespaces=(--user --map-root-user --mount)
  unshare "${namespaces[@]}" mount -t tmpfs none "$work" 2>/dev/null || skip 'no tmpfs can be mounted here'
  exec env IN_NAMESPACE=yes unshare "${namespaces[@]}" bash "$0"
fi
mkdir disk context
mount -t tmpfs -o size=24m none disk
trap 'stop_registry; umount -l "$work/disk" 2>/dev/null' EXIT
store=$work/disk/store

head -c 64M /dev/urandom >context/big
echo small >context/small
printf 'FROM scratch\nCOPY big /\n' >context/Dockerfile
build_fails 7 -o type=oci,dest=image.tar context
assert_contains "$message" 'No space left on device'
assert_absent image.tar
printf 'FROM scratch\nCOPY small /\n' >context/Dockerfile
build_tree tree context
assert_file tree/small small
store_verify "$store"

# The output's disk instead of the store's.
store=$work/store
printf 'FROM scratch\nCOPY big /\n' >context/Dockerfile
build_fails 7 -o type=oci,dest=disk/image.tar context
assert_absent disk/image.tar
build_fails 7 -o type=local,dest=disk/tree context

if can_run; then
  with_base
  rm -rf disk/*
  store=$work/disk/store
  printf 'FROM %s\nRUN head -c 67108864 /dev/urandom > /big\n' "$base" >context/Dockerfile
  result=0
  "$cooper" build --store "$store" --progress plain -o out context 2>log || result=$?
  # busybox names no reason but an I/O error; what matters is that its failure is the build's.
  assert_eq "$result" 1 'exit code of a RUN on a full disk'
  assert_contains "$(cat log)" 'head: '
fi
