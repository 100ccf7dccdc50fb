#!/bin/bash
# Cache mounts that outlive the job: an empty machine finds in them what the last job left.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
with_base
need_run
export SOURCE_DATE_EPOCH=1700000000

# A build on a machine that knows nothing; $cache is where it looks and where it writes.
elsewhere() { # elsewhere ARGUMENT...
  rm -rf "$store"
  build --cache-mounts=persist --cache-from "$from" --cache-to "$to" "$@"
}
# The steps run again when TURN is another.
turn=0
next_turn() { # next_turn CONTEXT ARGUMENT...
  local context=$1
  shift
  turn=$((turn + 1))
  rm -rf tree
  elsewhere --build-arg "TURN=$turn" -o type=local,dest=tree "$@" "$context"
}
log() { cat "$work/log"; }

dockerfile grow <<END
FROM $base
ARG TURN
RUN --mount=type=cache,id=grow,target=/cache echo "turn \$TURN" >> /cache/turns && cp /cache/turns /turns
END
for place in local registry; do
  case $place in
    local) from=type=local,src=saved to=type=local,dest=saved ;;
    registry) from=type=registry,ref=$REGISTRY/saved to=$from ;;
  esac
  turn=0
  next_turn grow
  assert_file tree/turns 'turn 1'
  assert_contains "$(log)" "cache mount 'grow'" "$place: what is said of the save"
  next_turn grow
  assert_file tree/turns $'turn 1\nturn 2'
  assert_contains "$(log)" "cache mount 'grow' restored" "$place: what is said of the restore"
  next_turn grow --no-cache
  assert_file tree/turns $'turn 1\nturn 2\nturn 3'
  # With the step cached nothing is restored, and nothing saved.
  elsewhere --build-arg TURN=3 grow
  assert_lacks "$(log)" "cache mount" "$place: a build without the step"
done

# A saved blob that is damaged costs a warning and the content, never the build.
from=type=local,src=saved to=type=local,dest=saved
for blob in $(jq -r '.layers[].blob.digest' saved/mounts/*.json); do
  printf 'damage' | dd of="saved/blobs/sha256/${blob#sha256:}" conv=notrunc status=none
done
turn=10
next_turn grow
assert_contains "$(log)" "cache mount 'grow' cannot be restored" 'the warning about a damaged blob'
assert_file tree/turns 'turn 11'
next_turn grow
assert_file tree/turns $'turn 11\nturn 12'
echo '{' >"$(echo saved/mounts/*.json)"
next_turn grow
assert_contains "$(log)" "cache mount 'grow' cannot be restored" 'the warning about a damaged document'
assert_file tree/turns 'turn 13'

# The flag alone says nothing of a place.
build_fails 2 --cache-mounts=persist grow
assert_contains "$message" 'no cache to keep them in'
build_fails 2 --cache-mounts=forever --cache-to "$to" grow
assert_contains "$message" "unknown option 'forever'"
