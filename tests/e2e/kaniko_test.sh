# shellcheck shell=bash
# Kaniko's command line, its result files and its exit codes, with cooper under Kaniko's name.
source "$(dirname "$0")/lib.sh"
with_base

mkdir -p "$work/kaniko"
export KANIKO_DIR=$work/kaniko
ln "$cooper" "$work/kaniko/executor" 2>/dev/null || cp "$cooper" "$work/kaniko/executor"
executor=$work/kaniko/executor

# Standard error goes to $work/log.
kaniko() {
  local result=0
  "$executor" "$@" >"$work/output" 2>"$work/log" || result=$?
  [[ $result -eq 0 ]] || { cat "$work/log" >&2 && fail "executor $*: exit code $result"; }
}
kaniko_fails() { # kaniko_fails CODE ARGUMENT...
  local code=$1 result=0
  shift
  "$executor" "$@" >"$work/output" 2>"$work/log" || result=$?
  message=$(cat "$work/log")
  [[ $result -eq $code ]] || fail "executor $*: exit code $result, expected $code:"$'\n'"$message"
  assert_lacks "$message" 'terminate called' 'standard error'
}
tag_digest() { # tag_digest REPOSITORY TAG
  echo "sha256:$(curl -sS -f -H 'Accept: application/vnd.oci.image.manifest.v1+json' \
    -H 'Accept: application/vnd.docker.distribution.manifest.v2+json' \
    "http://$REGISTRY/v2/$1/manifests/$2" | sha256sum | cut -d' ' -f1)"
}

mkdir -p "$work/app/sub"
printf 'FROM %s\nCOPY hello /hello\n' "$base" >"$work/app/Dockerfile"
echo hello >"$work/app/hello"

# --- destinations and digest files ---
echo 'kept by its inode' >"$work/termination-log"
inode=$(stat -c %i "$work/termination-log")
kaniko --context "dir://$work/app" -d "$REGISTRY/app:1" --destination="$REGISTRY/team/app:2" \
  --digest-file="$work/termination-log" --image-name-with-digest-file "$work/names" \
  --image-name-tag-with-digest-file="$work/tags"
digest=$(tag_digest app 1)
assert_eq "$(tag_digest team/app 2)" "$digest" 'digest at the second destination'
assert_file "$work/termination-log" "$digest"
assert_eq "$(stat -c %i "$work/termination-log")" "$inode" 'inode of the digest file'
assert_file "$work/names" "$REGISTRY/app@$digest"$'\n'"$REGISTRY/team/app@$digest"
assert_file "$work/tags" "$REGISTRY/app:1@$digest"$'\n'"$REGISTRY/team/app:2@$digest"
[[ -d $work/kaniko/cooper/blobs ]] || fail 'the store is not in KANIKO_DIR'

# --- the Dockerfile in the context, and Kaniko's other spellings ---
printf 'FROM %s\nCOPY hello /other\n' "$base" >"$work/app/sub/Other"
kaniko -c="$work/app" -f sub/Other -d"$REGISTRY/app:other" --snapshotMode=redo --cleanup --use-new-run=true
assert_contains "$(cat "$work/log")" '--snapshotMode, --cleanup, --use-new-run' 'note'

# --- what is wrong ---
kaniko_fails 1 --context "$work/app"
assert_contains "$message" 'no --destination'
kaniko_fails 1 --context "$work/app" --destinaton x
assert_contains "$message" "did you mean '--destination'?"
kaniko_fails 1 --context "$work/app" --no-push --materialize
assert_contains "$message" '--materialize is not possible here'
kaniko_fails 1 --context "$work/missing" --no-push
assert_contains "$message" 'does not exist'

# --- a digest file that cannot be written: the image is there all the same ---
kaniko_fails 1 -c "$work/app" -d "$REGISTRY/app:unwritten" --digest-file "$work/no/such/directory"
assert_contains "$message" '--digest-file: cannot create'
assert_contains "$message" "as $(tag_digest app unwritten)" 'pushed image'

# --- a RUN's own exit code ---
if can_run; then
  printf 'FROM %s\nRUN exit 7\n' "$base" >"$work/app/Fails"
  kaniko_fails 7 -c "$work/app" -f Fails --no-push
fi
