#!/bin/bash
# `cooper doctor` finds the way that RUN works in each kind of CI container, and explains it.
#
# usage: tests/sandbox/doctor_test.sh COOPER
#
# Exit code 77 means skipped, with the reason on standard output.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
# shellcheck source=lib.sh
source "$here/lib.sh" "$1"

# KIND and the tier that it allows, docs/isolation.md.
expected="docker-root emulated-root
docker-user emulated
restricted emulated
podman-root userns
podman-user userns-single
circleci emulated-root
privileged privileged"

while read -r kind tier; do
  # A container's command may read standard input; the table is not for it.
  output=$(in_container "$kind" doctor --store /mnt/volume/store </dev/null) || fail "$kind: doctor failed: $output"
  [[ $output == *"RUN steps use: $tier"* ]] || fail "$kind: not $tier: $output"
  # Whoever has no namespaces is told how to get them.
  case $tier in
    emulated* | userns-single) [[ $output == *"to allow it: "*"What gives steps namespaces"* ]] || fail "$kind: no advice: $output" ;;
  esac
  echo "$kind: $tier"
done <<<"$expected"

# The tiers can be asked for by name, and say why they are not to be had.
for tier in privileged userns emulated-root; do
  output=$(in_container docker-user build --store /mnt/volume/store --isolation "$tier" /mnt/volume/home </dev/null 2>&1) &&
    fail "$tier works for an ordinary user"
  [[ $output == *"isolation '$tier' does not work here"*hint:* ]] || fail "$tier: no reason: $output"
done
output=$(in_container docker-user build --isolation other /mnt/volume/home </dev/null 2>&1) && fail "unknown isolation taken"
[[ $output == *"emulated-root, emulated or none"* ]] || fail "the names are not listed: $output"
