# shellcheck shell=bash
# What the tests in containers share; sourced with the path of cooper. Leaves $place, shown at /mnt/cooper.
set -euo pipefail
containers=$(dirname "$(realpath "${BASH_SOURCE[0]}")")/containers.sh

place=$(mktemp -d "${TMPDIR:-/tmp}/cooper-containers.XXXXXX")
trap 'rm -rf --one-file-system "$place"' EXIT
chmod 0755 "$place"
cp "$1" "$place/cooper"

fail() {
  echo "failed: $*" >&2
  exit 1
}

in_container() { # in_container KIND ARGUMENT...: cooper ARGUMENT... in such a container
  local kind=$1
  shift
  "$containers" "$kind" "$place" /mnt/cooper/cooper "$@"
}

# Once, where its reason can be passed on.
if result=$("$containers" docker-user "$place" true 2>&1); then :; else
  code=$?
  [[ $code -eq 77 ]] || fail "no container can be run: $result"
  echo "$result"
  exit 77
fi
