#!/bin/bash
# cooper image: inspect, copy and index, with skopeo as an independent reader.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need skopeo
with_base
image() { "$cooper" image "$@" 2>"$work/log" || fail "cooper image $*: $(cat "$work/log")"; }
remote_digest() { skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$REGISTRY/$1"; }

mkdir context
# shellcheck disable=SC2016  # of the Dockerfile, not of the shell
printf 'FROM scratch\nARG TARGETARCH\nCOPY file /file-$TARGETARCH\nLABEL team=red\nCMD ["/app"]\n' >context/Dockerfile
echo content >context/file
build -t "$REGISTRY/app:multi" --platform linux/amd64,linux/arm64 --push context

# What people read, and what scripts read.
image inspect "$REGISTRY/app:multi" >shown
assert_contains "$(cat shown)" "Digest:      $(remote_digest app:multi)"
assert_contains "$(cat shown)" linux/arm64
image inspect --platform linux/arm64 "$REGISTRY/app:multi" >shown
assert_contains "$(cat shown)" 'team=red'
assert_eq "$(image inspect --json "$REGISTRY/app:multi" | jq -r '.manifests[1].platform.architecture')" arm64
assert_eq "$(image inspect --config "$REGISTRY/app:multi" | jq -r '.config.Cmd[0]')" /app
assert_eq "sha256:$(image inspect --raw "$REGISTRY/app:multi" | sha256sum | cut -d' ' -f1)" "$(remote_digest app:multi)"

# A copy is the same image, and another repository of the same registry is sent nothing.
digest=$(image copy "$REGISTRY/app:multi" "$REGISTRY/other/app:1")
assert_eq "$digest" "$(remote_digest app:multi)"
assert_eq "$(remote_digest other/app:1)" "$digest"
assert_contains "$(cat log)" ' 0 of '
image copy -q "$REGISTRY/app:multi" oci-layout://out:v1 >/dev/null
skopeo inspect --raw oci:out:v1 | cmp - <(image inspect --raw "$REGISTRY/app:multi") || fail 'the layout holds another image'
image copy oci-layout://out:v1 "$REGISTRY/back:1" >/dev/null
assert_eq "$(remote_digest back:1)" "$digest"
image copy --platform linux/arm64 "$REGISTRY/app:multi" "$REGISTRY/arm:1" >/dev/null
assert_eq "$(skopeo inspect --tls-verify=false --override-arch arm64 --format '{{.Architecture}}' "docker://$REGISTRY/arm:1")" arm64

# Two images become one index.
image copy --platform linux/amd64 "$REGISTRY/app:multi" "$REGISTRY/amd:1" >/dev/null
joined=$(image index -t "$REGISTRY/joined:1" -t "$REGISTRY/joined:latest" --annotation org.example.a=b \
  "$REGISTRY/amd:1" "$REGISTRY/arm:1")
assert_eq "$(remote_digest joined:latest)" "$joined"
assert_eq "$(skopeo inspect --tls-verify=false --raw "docker://$REGISTRY/joined:1" | jq -r '.annotations["org.example.a"]')" b
printf 'FROM --platform=linux/arm64 %s/joined:1\n' "$REGISTRY" >Dockerfile
build_tree tree -f Dockerfile .
assert_file tree/file-arm64 content

# What is not there is said so, with the image's name.
! "$cooper" image inspect "$REGISTRY/nothing" 2>log || fail 'an image that does not exist was inspected'
assert_contains "$(cat log)" "$REGISTRY/nothing:latest' does not exist"
