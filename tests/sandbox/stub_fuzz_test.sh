#!/bin/bash
# Random calls must have the same results through the stub, with openat2() and with its own walk, and, where that can
# be tried (root), as natively in a chroot: see stub_fuzz.cpp.
#
# usage: stub_fuzz_test.sh STUB_RUN STUB_FUZZ [COUNT [SEED...]]
set -euo pipefail
# shellcheck source=tests/sandbox/step_capabilities.sh
source "$(dirname "$0")/step_capabilities.sh"
stub_run=$1
fuzz=$2
count=${3:-2000}
seeds=("${@:4}")
[[ ${#seeds[@]} -gt 0 ]] || seeds=(1 2 3 4)
work=$(mktemp -d "${TMPDIR:-/tmp}/cooper-stub-XXXXXX")
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
install -m 755 "$stub_run" "$work/stub_run"

unprivileged() {
  if [[ $(id -u) -eq 0 ]]; then
    chown -hR 65534:65534 "$1"
    shift
    setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all "$@"
  else
    "${@:2}"
  fi
}

new_root() {
  rm -rf "${work:?}/$1"
  mkdir -p "$work/$1"
  cp "$fuzz" "$work/$1/fuzz"
}

failed=0
try() {
  local native=$work/native.out stub=$work/stub.out walk=$work/walk.out
  new_root stub
  unprivileged "$work/stub" timeout 60 "$work/stub_run" "$work/stub" /fuzz "$@" >"$stub" 2>&1 || echo "exit $?" >>"$stub"
  new_root walk
  unprivileged "$work/walk" timeout 60 "$work/stub_run" --walk "$work/walk" /fuzz "$@" >"$walk" 2>&1 || echo "exit $?" >>"$walk"
  if ! cmp -s "$stub" "$walk"; then
    echo "FAIL: $*: openat2() and the walk differ:"
    diff "$stub" "$walk" | head -n 20 || true
    failed=1
  fi
  if [[ $(tail -n 1 "$stub") != "done" ]]; then
    echo "FAIL: $*: ended early: $(tail -n 1 "$stub")"
    failed=1
  fi
  if [[ $(id -u) -ne 0 ]] || ! chroot / /bin/true 2>/dev/null; then return; fi
  new_root native
  mkdir "$work/native"/{proc,sys,dev,etc}
  as_step timeout 60 chroot "$work/native" /fuzz "$@" >"$native" 2>&1 || echo "exit $?" >>"$native"
  if ! cmp -s "$native" "$stub"; then
    echo "FAIL: $*: native and stub differ:"
    diff "$native" "$stub" | head -n 20 || true
    failed=1
  fi
}

for seed in "${seeds[@]}"; do
  try "$seed" "$count" root
  try "$seed" "$count"
done
exit "$failed"
