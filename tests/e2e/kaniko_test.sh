#!/bin/bash
# Kaniko's command line, its result files and its exit codes, with cooper under Kaniko's name.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=kaniko.sh
source "$(dirname "$0")/kaniko.sh"
with_base

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

# --- outputs besides, and the form of the image ---
export BUILDER_OUTPUT=$work/builder
mkdir "$BUILDER_OUTPUT"
kaniko -c "$work/app" -d "$REGISTRY/app:form" --compression=zstd --compression-level 3 --tar-path "$work/app.tar" \
  --oci-layout-path "$work/layout" --label team=infra --reproducible
unset BUILDER_OUTPUT
digest=$(tag_digest app form)
assert_file "$work/builder/images" "{\"name\":\"$REGISTRY/app:form\",\"digest\":\"$digest\"}"
assert_eq "$(registry_manifest app form | jq -r '.layers[-1].mediaType')" application/vnd.oci.image.layer.v1.tar+zstd
oci_verify "$work/layout"
assert_eq "$(jq -r .created "$(oci_config "$work/layout")")" 1970-01-01T00:00:00Z 'time of a reproducible image'
assert_eq "$(jq -r .config.Labels.team "$(oci_config "$work/layout")")" infra
assert_contains "$(oci_layer_list "$work/layout" -1)" '1970-01-01 00:00:00 hello' 'newest layer'
oci_open "$work/app.tar" "$work/app.opened"
assert_eq "$(oci_layer_count "$work/app.opened")" 2

kaniko -c "$work/app" -d "$REGISTRY/app:docker" --image-format docker
assert_eq "$(registry_manifest app docker | jq -r .mediaType)" application/vnd.docker.distribution.manifest.v2+json

# --- no push: nothing arrives, the digest is known ---
kaniko -c "$work/app" -d "$REGISTRY/nowhere:1" --no-push --digest-file "$work/digest"
assert_contains "$(cat "$work/digest")" sha256:
[[ $(curl -s -o /dev/null -w '%{http_code}' "http://$REGISTRY/v2/nowhere/manifests/1") == 404 ]] || fail 'it was pushed'

# --- a saved image onto a registry, as it is ---
kaniko push "$work/app.tar" -d "$REGISTRY/pushed:tar"
assert_eq "$(tag_digest pushed tar)" "$digest" 'pushed from a tar'
kaniko push "$work/layout" --destination="$REGISTRY/pushed:layout"
assert_eq "$(tag_digest pushed layout)" "$digest" 'pushed from a layout'
tar -cf "$work/other.tar" -C "$work/app" hello
kaniko_fails 1 push "$work/other.tar" -d "$REGISTRY/pushed:other"
assert_contains "$message" 'holds no image in OCI layout'

# --- the plan, and targets besides the image ---
printf 'FROM %s AS one\nCOPY hello /one\nFROM %s AS two\nCOPY missing /two\n' "$base" "$base" >"$work/app/Targets"
kaniko -c "$work/app" -f Targets --target one -d "$REGISTRY/app:one" --dryrun
assert_contains "$(cat "$work/output")" 'COPY hello /one' 'plan'
kaniko -c "$work/app" -f Targets --target one -d "$REGISTRY/app:one"
kaniko_fails 1 -c "$work/app" -f Targets --target one,two -d "$REGISTRY/app:one"
assert_contains "$message" 'missing'

# --- one layer at the end, and paths in none ---
if can_run; then
  printf 'FROM %s\nRUN echo secret >/secret && mkdir /kept /left && echo 1 >/left/out && echo 1 >/kept/in\n' "$base" >"$work/app/Single"
  printf 'RUN rm /secret /var/lib/demo/file && ls /left/out >/kept/seen\n' >>"$work/app/Single"
  kaniko -c "$work/app" -f Single -d "$REGISTRY/single:1" --single-snapshot --ignore-path=/left --oci-layout-path "$work/single"
  assert_eq "$(oci_layer_count "$work/single")" 2 'layers of base and build'
  listing=$(oci_layer_list "$work/single" 1)
  assert_contains "$listing" 'var/lib/demo/.wh.file'
  assert_contains "$listing" 'kept/seen'
  assert_lacks "$listing" ' secret'
  assert_lacks "$listing" 'left'
  assert_eq "$(jq '[.history[] | select(.empty_layer != true)] | length' "$(oci_config "$work/single")")" 1 'history with a layer'
  kaniko -c "$work/app" -f Single -d "$REGISTRY/single:2" --log-timestamp --verbosity=debug --log-format text
  [[ $(grep -vc '^20[0-9-]*T[0-9:]*Z ' "$work/log") -eq 0 ]] || fail "lines without a time: $(cat "$work/log")"
fi

# --- the cache: a second build finds what the first one left in the repository ---
if can_run; then
  printf 'FROM %s\nRUN echo once >/once\nCOPY hello /hello\n' "$base" >"$work/app/Cached"
  kaniko -c "$work/app" -f Cached -d "$REGISTRY/cached:1" --cache
  rm -rf "$KANIKO_DIR/cooper"
  kaniko -c "$work/app" -f Cached -d "$REGISTRY/cached:2" --cache=true --cache-ttl=6h
  assert_contains "$(cat "$work/log")" '0 steps ran, 2 cached'
  assert_eq "$(tag_digest cached 2)" "$(tag_digest cached 1)" 'cached image'
  kaniko -c "$work/app" -f Cached -d "$REGISTRY/cached:3"
  assert_contains "$(cat "$work/log")" '2 steps ran, 0 cached'
  kaniko -c "$work/app" -f Cached -d "$REGISTRY/cached:4" --cache "--cache-repo=oci:$work/layers"
  rm -rf "$KANIKO_DIR/cooper"
  kaniko -c "$work/app" -f Cached -d "$REGISTRY/cached:5" --cache "--cache-repo=oci:$work/layers"
  assert_contains "$(cat "$work/log")" '0 steps ran, 2 cached'
fi

# --- who we are: a login in Kaniko's directory, and the version ---
mkdir -p "$KANIKO_DIR/.docker"
printf '{"auths":{"r.example":{"auth":"%s"}}}' "$(printf me:secret | base64)" >"$KANIKO_DIR/.docker/config.json"
assert_eq "$(env -u DOCKER_CONFIG "$executor" login --get-login r.example)" me 'login'
assert_contains "$("$executor" version)" cooper
assert_contains "$("$executor" help)" --destination
rm "$KANIKO_DIR/.docker/config.json"

# --- a RUN's own exit code ---
if can_run; then
  printf 'FROM %s\nRUN exit 7\n' "$base" >"$work/app/Fails"
  kaniko_fails 7 -c "$work/app" -f Fails --no-push
fi
