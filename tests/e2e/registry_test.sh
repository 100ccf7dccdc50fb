#!/bin/bash
# Pull and push: choice of platform, Docker's media types, credentials, and what is not sent twice.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
with_base
requests() { grep -cE "\"$1 /v2/$2" "$E2E_DIRECTORY/registry/log" || true; }

dockerfile context <<END
FROM $base
COPY file /file
END
echo content >context/file
build -t "$REGISTRY/app:v1" --push context
curl -sf "http://$REGISTRY/v2/app/manifests/v1" -H 'Accept: application/vnd.oci.image.manifest.v1+json' >manifest.json
assert_eq "$(jq -r .mediaType manifest.json)" application/vnd.oci.image.manifest.v1+json 'media type'

# The base's layer lies in another repository of the same registry: mounted there, not sent.
base_layer=$(jq -r '.layers[0].digest' manifest.json)
curl -sfI -o /dev/null "http://$REGISTRY/v2/app/blobs/$base_layer"
assert_contains "$(cat "$E2E_DIRECTORY/registry/log")" "mount=" 'requests'

# Nothing new: nothing is uploaded.
before=$(requests PATCH app/blobs)$(requests PUT app/blobs)
build -t "$REGISTRY/app:v2" --push context
assert_eq "$(requests PATCH app/blobs)$(requests PUT app/blobs)" "$before" 'uploads of a build that changed nothing'

# An index of two platforms, Docker's types for one of them.
for architecture in amd64 arm64; do
  mkdir -p "$architecture"
  echo "$architecture" >"$architecture/which"
  tar --owner=0 --group=0 -cf "$architecture.tar" -C "$architecture" .
done
image_architecture() { echo amd64; }
push_image multi:amd64 '{}' amd64.tar
jq -c '.mediaType = "application/vnd.docker.distribution.manifest.v2+json"
  | .config.mediaType = "application/vnd.docker.container.image.v1+json"
  | .layers[].mediaType = "application/vnd.docker.image.rootfs.diff.tar.gzip"' .manifest >docker-manifest
registry_put_manifest multi docker application/vnd.docker.distribution.manifest.v2+json docker-manifest
image_architecture() { echo arm64; }
push_image multi:arm64 '{}' arm64.tar
jq -c -n --arg amd "sha256:$(digest_of docker-manifest)" --argjson amds "$(stat -c %s docker-manifest)" \
  --arg arm "sha256:$(digest_of .manifest)" --argjson arms "$(stat -c %s .manifest)" '{schemaVersion: 2,
  mediaType: "application/vnd.docker.distribution.manifest.list.v2+json", manifests: [
  {mediaType: "application/vnd.docker.distribution.manifest.v2+json", digest: $amd, size: $amds, platform: {os: "linux", architecture: "amd64"}},
  {mediaType: "application/vnd.oci.image.manifest.v1+json", digest: $arm, size: $arms, platform: {os: "linux", architecture: "arm64"}}]}' >index
registry_put_manifest multi latest application/vnd.docker.distribution.manifest.list.v2+json index
printf 'FROM %s/multi\n' "$REGISTRY" >Dockerfile
for architecture in amd64 arm64; do
  build_tree "tree-$architecture" --platform "linux/$architecture" -f Dockerfile .
  assert_file "tree-$architecture/which" "$architecture"
done
printf 'FROM --platform=linux/arm64 %s/multi@sha256:%s\n' "$REGISTRY" "$(digest_of index)" >Dockerfile
build_tree pinned -f Dockerfile .
assert_file pinned/which arm64
printf 'FROM %s/multi\n' "$REGISTRY" >Dockerfile
build_fails 5 --platform linux/s390x -f Dockerfile .
assert_contains "$message" s390x
assert_contains "$message" arm64

# A registry that asks for a name and a password.
stop_registry
mkdir -p secured
# shellcheck disable=SC2016  # bcrypt of "open sesame"
echo 'builder:$2b$05$abcdefghijklmnopqrstuupx2xBUC4954936wVIjyyPHmUBFu0wCW' >secured/htpasswd
REGISTRY_AUTH=htpasswd REGISTRY_AUTH_HTPASSWD_REALM=test REGISTRY_AUTH_HTPASSWD_PATH=$PWD/secured/htpasswd \
  start_registry "$work/secured"
printf 'FROM scratch\nCOPY file /\n' >context/Dockerfile
build_fails 6 -t "$REGISTRY/app" --push context
assert_contains "$message" "$REGISTRY"
assert_contains "$message" 'nothing was built'
assert_lacks "$message" 'COPY file'
build_fails 6 -t "$REGISTRY/app" --push --no-push-check context
assert_contains "$message" 'COPY file'
mkdir -p "$DOCKER_CONFIG"
login() {
  jq -n --arg host "$REGISTRY" --arg auth "$(printf '%s' "$1" | base64)" '{auths: {($host): {auth: $auth}}}' \
    >"$DOCKER_CONFIG/config.json"
}
# What the doctor says of it, before and after.
doctor() { "$cooper" doctor registry --push "$REGISTRY/app" >said 2>log; }
! doctor || fail 'the doctor finds that anybody may push'
assert_contains "$(cat said)" "cooper login $REGISTRY"
login 'builder:wrong password'
build_fails 6 -t "$REGISTRY/app" --push context
assert_lacks "$message" 'wrong password'
login 'builder:open sesame'
doctor || fail "the doctor finds: $(cat said)"
assert_contains "$(cat said)" "user 'builder' of $DOCKER_CONFIG/config.json"
assert_contains "$(cat said)" 'can be pushed'
assert_lacks "$(cat said log)" 'open sesame'
build -t "$REGISTRY/app" --push context
assert_lacks "$(cat log)" 'open sesame'
printf 'FROM %s/app\n' "$REGISTRY" >context/Dockerfile
build_tree pulled context
assert_file pulled/file content
