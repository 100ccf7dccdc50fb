#!/bin/bash
# Base images that the warmer fetched: builds take their blobs from its directory, and check them.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=kaniko.sh
source "$(dirname "$0")/kaniko.sh"
with_base

mkdir -p app
# shellcheck disable=SC2016  # Docker's variable
printf 'ARG WHICH\nFROM %s/${WHICH} AS one\nFROM %s AS two\nCOPY --from=one /etc/passwd /passwd\n' "$REGISTRY" "$base" \
  >app/Dockerfile
push_image other:latest '{}' "$work/.base.tar"
layer=$(registry_manifest base latest | jq -r '.layers[0].digest')

"$warmer" --cache-dir "$work/cache" -d "$work/app/Dockerfile" --build-arg WHICH=other 2>log || fail "$(cat log)"
assert_contains "$(cat log)" "$REGISTRY/other is there"
assert_contains "$(cat log)" "$base is there"
[[ -f $work/cache/blobs/sha256/${layer#sha256:} ]] || fail 'the layer is not in the cache'
oci_verify "$work/cache"

# --- the registry lost the layer: builds have it from the directory, which they cannot write to ---
rm "$(registry_file "$layer")"
chmod a-w "$work/cache" "$work/cache/blobs" "$work/cache/blobs/sha256"
kaniko -c "$work/app" --build-arg WHICH=other --no-push --cache-dir "$work/cache"

# --- a damaged blob is not taken: then the registry is asked, which has it no more ---
chmod u+w "$work/cache/blobs/sha256"
file=$work/cache/blobs/sha256/${layer#sha256:}
chmod u+w "$file"
printf 'damaged' | dd of="$file" bs=1 seek=100 conv=notrunc status=none
rm -rf "$KANIKO_DIR/cooper"
kaniko_fails 1 -c "$work/app" --build-arg WHICH=other --no-push --cache-dir "$work/cache"
assert_contains "$message" "${layer#sha256:}"

# --- one image of two fails: said, and no failure; all fail ---
chmod u+w "$work/cache" "$work/cache/blobs"
"$warmer" -c "$work/cache" -i "$base" --image "$REGISTRY/none:1" 2>log || fail "$(cat log)"
assert_contains "$(cat log)" "cannot warm '$REGISTRY/none:1'"
result=0
"$warmer" -c "$work/cache" -i "$REGISTRY/none:1" 2>log || result=$?
assert_eq "$result" 1 'exit code when every image failed'
result=0
"$warmer" -c "$work/cache" 2>log || result=$?
assert_eq "$result" 1 'exit code of nothing to do'
assert_contains "$(cat log)" 'there is nothing to fetch'
