#!/bin/bash
# The verbs that docker users know, on cooper's own store, with skopeo and umoci as independent readers and writers.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need skopeo umoci jq
with_base
export COOPER_STORE=$store
verb() { "$cooper" "$@" 2>"$work/log" || fail "cooper $*: $(cat "$work/log")"; }
verb_fails() { # verb_fails CODE ARGUMENT...
  local code=$1 result=0
  shift
  "$cooper" "$@" >"$work/output" 2>"$work/log" || result=$?
  message=$(cat "$work/log")
  assert_eq "$result" "$code" "exit code of cooper $*, which said '$message'"
}
remote_digest() { skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$REGISTRY/$1"; }

# --- build: what has a name and goes nowhere else stays in the store ---------------------------------------------
dockerfile context <<EOF
FROM $base
COPY file /srv/file
LABEL team=red
CMD ["/srv/file"]
EOF
echo content >context/file
build -t app:1 -t "$REGISTRY/app:1" context
assert_contains "$(cat log)" 'stored sha256:'
assert_eq "$(verb images app --format '{{.Repository}}:{{.Tag}}')" app:1
id=$(verb images -q --no-trunc app)
assert_contains "$(verb images)" "${id:7:12}"
build --load -t loaded context
assert_eq "$(verb images -q --no-trunc loaded)" "$id" 'the same image'

# The store is a layout that others can read.
assert_eq "$(skopeo inspect --format '{{.Digest}}' "oci:$store:docker.io/library/app:1")" "$id"

# --- push, pull, tag, rmi ---------------------------------------------------------------------------------------
assert_eq "$(verb push "$REGISTRY/app:1")" "$id"
assert_eq "$(remote_digest app:1)" "$id"
verb tag app:1 "$REGISTRY/team/app:1" "$REGISTRY/team/app:2"
verb push "$REGISTRY/team/app:1" "$REGISTRY/team/app:2" >pushed
assert_eq "$(sort -u pushed)" "$id"
assert_contains "$(cat log)" ' 0 of ' 'the registry mounts what it has in another repository'
verb rmi "$REGISTRY/team/app:2" >removed
assert_file removed "untagged: $REGISTRY/team/app:2"
assert_lacks "$(verb images)" "$REGISTRY/team/app  2"
verb_fails 2 rmi "$REGISTRY/team/app:2"
verb rmi -f "$REGISTRY/team/app:2"
verb_fails 2 push "$REGISTRY/nothing:1"
assert_contains "$message" "no image '$REGISTRY/nothing:1' in the store"
assert_contains "$message" "hint: see 'cooper images', or fetch it with 'cooper pull $REGISTRY/nothing:1'"
verb_fails 5 pull "$REGISTRY/nothing:1"

# One platform, or all of them.
# shellcheck disable=SC2016  # the variable is the Dockerfile's
printf 'FROM scratch\nARG TARGETARCH\nCOPY file /file-$TARGETARCH\n' >context/two.Dockerfile
build -f context/two.Dockerfile --platform linux/amd64,linux/arm64 -t "$REGISTRY/two:1" --push context
assert_lacks "$(verb images)" two 'what is pushed is not kept'
verb pull --platform linux/arm64 "$REGISTRY/two:1" >/dev/null
assert_eq "$(verb images --format '{{json .Platforms}}' "$REGISTRY/two")" '["linux/arm64"]'
assert_eq "$(verb pull -q --platform all "$REGISTRY/two:1")" "$(remote_digest two:1)"
assert_eq "$(verb images --format json "$REGISTRY/two:1" | jq -r .Digest)" "$(remote_digest two:1)"
assert_contains "$(verb images -a)" '<none>' 'the image that had the name before'
assert_eq "$(verb images --filter "reference=*two*" --filter dangling=false -q | wc -l)" 0 'a pattern stops at a slash'
assert_eq "$(verb images --filter "reference=$REGISTRY/t*" -q | wc -l)" 1

# --- save and load ----------------------------------------------------------------------------------------------
verb save -o both.tar app:1 "$REGISTRY/two:1"
assert_eq "$(tar -xOf both.tar manifest.json | jq -c '[.[].RepoTags]')" "[[\"app:1\"],[\"$REGISTRY/two:1\"]]"
assert_eq "$(skopeo inspect --config docker-archive:both.tar:docker.io/library/app:1 | jq -r .config.Labels.team)" red
verb save --format oci-archive "$REGISTRY/two:1" >two.oci.tar
assert_eq "$(skopeo inspect --raw oci-archive:two.oci.tar | jq '.manifests | length')" 2
verb_fails 2 save -o never.tar app:1 nothing
assert_absent never.tar

COOPER_STORE=$work/second verb load -i both.tar >loaded
assert_contains "$(cat loaded)" 'Loaded image: app:1'
assert_eq "$(COOPER_STORE=$work/second verb images -q --no-trunc app:1)" "$id" 'digests stay'
gzip -c two.oci.tar | COOPER_STORE=$work/second verb load >loaded
assert_eq "$(COOPER_STORE=$work/second verb images -q --no-trunc "$REGISTRY/two:1")" "$(remote_digest two:1)"

# What other tools write: the older form, with layers as tars, and a layout's directory.
skopeo copy -q --src-tls-verify=false "docker://$REGISTRY/app:1" docker-archive:old.tar:r.example/old:1
COOPER_STORE=$work/second verb load -i old.tar >loaded
assert_file loaded 'Loaded image: r.example/old:1'
skopeo copy -q --src-tls-verify=false "docker://$REGISTRY/app:1" oci:layout:v1
COOPER_STORE=$work/second verb load -i layout -t r.example/layout:1 >loaded
assert_file loaded 'Loaded image: r.example/layout:1'
assert_eq "$(COOPER_STORE=$work/second verb images -q --no-trunc r.example/layout:1)" "$id"

# --- unpack -----------------------------------------------------------------------------------------------------
verb unpack app:1 tree
assert_file tree/srv/file content
assert_file tree/var/lib/demo/deep/file deep
COOPER_STORE=$work/second verb unpack r.example/old:1 old
diff -r tree old || fail 'the same image gave another tree'
if [[ $(id -u) -eq 0 ]]; then
  chown 1000:50 context/file
  dockerfile context <<EOF
FROM $base
COPY --chown=1000:50 --chmod=4755 file /srv/file
EOF
  build -t owned context
  verb unpack owned owned
  assert_eq "$(stat -c '%u:%g %a' owned/srv/file)" '1000:50 4755'
fi
verb_fails 2 unpack app:1 tree
assert_contains "$message" "'tree' is not empty"

# --- du and prune: named images stay ----------------------------------------------------------------------------
assert_contains "$(verb du)" images
assert_eq "$(verb du --json | jq -r '.[-1].what')" total
verb cache prune --all >/dev/null
assert_eq "$(verb push "$REGISTRY/app:1")" "$id" 'a named image outlives the cache'
verb save app:1 >after.tar
verb rmi app:1 loaded "$REGISTRY/app:1" "$REGISTRY/team/app:1" >/dev/null
verb prune >pruned
assert_contains "$(cat pruned)" 'removed '
[[ ! -e $store/blobs/sha256/${id#sha256:} ]] || fail 'prune left an image without a name'
verb pull "$REGISTRY/app:1" >/dev/null
verb prune -a --filter until=1h -f >pruned
assert_contains "$(verb images)" "$REGISTRY/app" 'it was used just now'
verb prune -a -f >pruned
assert_contains "$(cat pruned)" "untagged: $REGISTRY/app:1"
assert_eq "$(find "$store/blobs" -type f | wc -l)" 0
assert_eq "$(verb images -aq)" ''

# --- what is hostile or cut is refused, and leaves no image -----------------------------------------------------
mkdir -p evil/blobs/sha256
tar -xf both.tar -C evil
layer=$(jq -r '.[0].Layers[0]' evil/manifest.json)
printf x >>"evil/$layer"
tar -cf evil.tar -C evil .
verb_fails 8 load -i evil.tar
assert_contains "$message" 'has the content of'
rm "evil/$layer"
tar -cf evil.tar -C evil .
verb_fails 8 load -i evil.tar
head -c 20000 both.tar >cut.tar
verb_fails 8 load -i cut.tar
mkdir links
ln -s /etc/passwd links/config.json
printf '[{"Config":"config.json","RepoTags":["evil:1"],"Layers":["../../../etc/shadow"]}]' >links/manifest.json
tar -cf links.tar -C links .
verb_fails 8 load -i links.tar
assert_contains "$message" "names 'config.json', which it does not have"
tar -cf files.tar context
verb_fails 2 load -i files.tar
assert_contains "$message" 'holds no image'
assert_eq "$(verb images -aq)" ''

# --- several at once lose no name -------------------------------------------------------------------------------
verb pull "$REGISTRY/two:1" >/dev/null
writers=()
for i in 1 2 3 4 5 6 7 8; do
  "$cooper" tag "$REGISTRY/two:1" "many:$i" &
  writers+=($!)
done
wait "${writers[@]}"
assert_eq "$(verb images -q many | wc -l)" 8
store_verify "$store"
