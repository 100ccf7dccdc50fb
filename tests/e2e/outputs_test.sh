#!/bin/bash
# Each kind of output, accepted by the tools that people use, and all showing the same tree.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq skopeo umoci
with_base

dockerfile context <<END
FROM $base
COPY file /added
END
echo added >context/file
build -t demo:latest -o type=oci,dest=oci.tar -o type=docker,dest=docker.tar -o type=tar,dest=tree.tar \
  -o type=local,dest=local -o type=oci,dest=layout,tar=false context
build -t "$REGISTRY/outputs:one" -t "$REGISTRY/outputs:two" --push --metadata-file metadata.json --iidfile iid context

inspect() { skopeo --insecure-policy inspect "$@"; }
skopeo --insecure-policy copy -q oci-archive:oci.tar dir:from-oci
skopeo --insecure-policy copy -q docker-archive:docker.tar dir:from-docker
skopeo --insecure-policy copy -q --src-tls-verify=false "docker://$REGISTRY/outputs:one" dir:from-registry
skopeo --insecure-policy copy -q oci:layout dir:from-layout
assert_eq "$(inspect oci-archive:oci.tar | jq -c .Layers)" "$(inspect dir:from-layout | jq -c .Layers)" 'layers of archive and layout'
digest=$(jq -r '."containerimage.digest"' metadata.json)
for tag in one two; do
  assert_eq "$(inspect --tls-verify=false "docker://$REGISTRY/outputs:$tag" | jq -r .Digest)" "$digest" "digest of tag $tag"
done
assert_eq "$(jq -r '."containerimage.config.digest"' metadata.json)" "$(cat iid)" 'image id'
oci_open oci.tar opened
oci_verify opened
assert_eq "$(tar -xOf docker.tar manifest.json | jq -c '.[0].RepoTags')" '["demo:latest"]' 'tags in the docker archive'

# umoci reads every byte of a layout.
name=$(jq -r '.manifests[0].annotations["org.opencontainers.image.ref.name"] // empty' layout/index.json)
umoci unpack --rootless --image "layout${name:+:$name}" bundle >/dev/null

paths() { (cd "$1" && find . -mindepth 1 -printf '%P %y %l\n' | LC_ALL=C sort); }
mkdir from-tar
tar -xf tree.tar -C from-tar 2>/dev/null || true
assert_eq "$(paths from-tar)" "$(paths local)" 'paths of tar and local'
assert_eq "$(paths bundle/rootfs)" "$(paths local)" 'paths of umoci and local'
assert_file local/added added

# A hyphen is standard output; a plain word is a directory.
build -o type=tar,dest=- context >stdout.tar
cmp stdout.tar tree.tar
build -o plain context
assert_file plain/added added
build -o - context >stdout2.tar
cmp stdout2.tar tree.tar

# A Dockerfile from elsewhere.
printf 'FROM scratch\nCOPY file /renamed\n' >Other
build -f Other -o elsewhere context
assert_file elsewhere/renamed added

build_fails 2 -o type=nonsense context
assert_contains "$message" nonsense
# A destination that is a file is not overwritten by a directory.
echo precious >precious
build_fails 7 -o type=local,dest=precious context
assert_file precious precious
