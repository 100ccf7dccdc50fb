#!/bin/bash
# What stub_guest.cpp does has the same results through the stub as natively, as root in a chroot.
#
# usage: stub_guest_test.sh STUB_RUN STUB_GUEST
# shellcheck source=tests/sandbox/stub_root.sh
source "$(dirname "$0")/stub_root.sh"

mkdir -p "$root" "$work/native"
cp "$2" "$root/guest"
cp "$2" "$work/native/guest"
give_away "$root"
stub=$(unprivileged timeout 60 "$work/stub_run" "$root" /guest 2>&1) || echo "FAIL: it ended with $?"
expect "its last words" "done" "${stub##*$'\n'}"
if [[ $(id -u) -ne 0 ]]; then
  echo "not compared with a native run, which needs root"
  exit "$failed"
fi
# shellcheck disable=SC2016  # the inner shell's own
native=$(unshare -m --propagation private bash -c 'mkdir "$0/proc" && mount -t proc proc "$0/proc" && exec timeout 60 chroot "$0" /guest' \
  "$work/native" 2>&1) || echo "FAIL: the native one ended with $?"
expect "what it says" "$native" "$stub"
exit "$failed"
