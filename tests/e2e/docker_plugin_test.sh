#!/bin/bash
# cooper as a plugin of the real docker command, with no daemon anywhere: as docker-cooper, and in the place of buildx.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need docker skopeo jq
with_base
export COOPER_STORE=$store DOCKER_HOST=unix://$work/no-daemon.sock
unset DOCKER_BUILDKIT BUILDX_BUILDER
mkdir -p "$DOCKER_CONFIG/cli-plugins"
cp "$cooper" "$DOCKER_CONFIG/cli-plugins/docker-cooper"
ln -s docker-cooper "$DOCKER_CONFIG/cli-plugins/docker-buildx"
run() { "$@" >"$work/output" 2>"$work/log" || fail "$*: $(cat "$work/output" "$work/log")"; }
run_fails() { # run_fails CODE COMMAND...
  local code=$1 result=0
  shift
  "$@" >"$work/output" 2>"$work/log" || result=$?
  assert_eq "$result" "$code" "exit code of $*, which said '$(cat "$work/log")'"
}
remote_digest() { skopeo inspect --tls-verify=false --format '{{.Digest}}' "docker://$REGISTRY/$1"; }

# --- docker knows what the program is ---------------------------------------------------------------------------
run "$DOCKER_CONFIG/cli-plugins/docker-cooper" docker-cli-plugin-metadata
assert_eq "$(jq -r .SchemaVersion output)" 0.1.0
run docker --help
assert_contains "$(cat output)" 'cooper*'
assert_contains "$(cat output)" 'buildx*'
run docker cooper version
assert_contains "$(cat output)" 'cooper 0.'
run docker cooper --help
assert_contains "$(cat output)" 'build an image'
run docker help cooper
assert_contains "$(cat output)" 'build an image'

# --- docker cooper ----------------------------------------------------------------------------------------------
dockerfile context <<EOF
FROM $base
COPY file /srv/file
EOF
echo content >context/file
run docker cooper build -t "$REGISTRY/app:1" --push context
digest=$(remote_digest app:1)
run docker cooper images -q
assert_eq "$(cat output)" ''
run_fails 2 docker cooper build --no-such-flag context
assert_contains "$(cat log)" 'no-such-flag'

# --- docker buildx build, and what CI does before it ------------------------------------------------------------
run docker buildx version
assert_contains "$(cat output)" cooper
run docker buildx create --use --name ci --driver docker-container
assert_file output ci
assert_contains "$(cat log)" 'without a builder'
assert_contains "$(cat log)" '--driver set nothing up'
run docker buildx use ci
run docker buildx inspect --bootstrap
assert_contains "$(cat output)" 'Platforms:'
run docker buildx ls
assert_contains "$(cat output)" cooper
run docker buildx build --builder ci --provenance=false --sbom=false -t "$REGISTRY/app:2" --push context
assert_eq "$(remote_digest app:2)" "$digest" 'the same image by another road'
run docker --log-level error buildx build -t local --load context
run docker cooper images local --format '{{.Digest}}'
assert_file output "$digest"
run_fails 9 docker buildx build --provenance=mode=max context
assert_contains "$(cat log)" 'cooper makes no attestations'
run_fails 9 docker buildx bake
assert_contains "$(cat log)" "'buildx bake' is not offered"
run docker buildx du
run docker buildx prune -f
run docker buildx stop
run docker buildx rm ci

# docker build is buildx's, too, since docker 23.
major=$(docker --version | sed -E 's/^Docker version ([0-9]+)\..*/\1/')
if [[ $major -ge 23 ]]; then
  run docker build -t from-docker context
  run docker cooper images from-docker --format '{{.Digest}}'
  assert_file output "$digest"
  run docker build -q -t quiet context
  assert_contains "$(cat output)" sha256:
fi

# --- docker buildx imagetools -----------------------------------------------------------------------------------
run docker buildx imagetools inspect "$REGISTRY/app:1"
assert_contains "$(cat output)" "Digest:    $digest"
run docker buildx imagetools inspect --format '{{.Manifest.Digest}}' "$REGISTRY/app:1"
assert_file output "$digest"
run docker buildx imagetools inspect --format '{{json .}}' "$REGISTRY/app:1"
assert_eq "$(jq -r .image.os output)" linux
run_fails 9 docker buildx imagetools inspect --format '{{range .Manifest}}x{{end}}' "$REGISTRY/app:1"
assert_contains "$(cat log)" "more of Go's templates"
# shellcheck disable=SC2016  # the variable is the Dockerfile's
printf 'FROM scratch\nARG TARGETARCH\nCOPY file /file-$TARGETARCH\n' >context/two.Dockerfile
run docker buildx build -f context/two.Dockerfile --platform linux/amd64,linux/arm64 -t "$REGISTRY/two:1" --push context
run docker buildx imagetools inspect "$REGISTRY/two:1"
assert_contains "$(cat output)" 'Platform:  linux/arm64'
run docker buildx imagetools inspect --format '{{json .Image}}' "$REGISTRY/two:1"
assert_eq "$(jq -r '."linux/arm64".architecture' output)" arm64

# An index gets another name as it is; single images are joined; one image becomes an index unless told otherwise.
run docker buildx imagetools create -t "$REGISTRY/two:stable" "$REGISTRY/two:1"
assert_eq "$(remote_digest two:stable)" "$(remote_digest two:1)"
run docker buildx imagetools create -t "$REGISTRY/app:copy" --prefer-index=false "$REGISTRY/app:1"
assert_eq "$(remote_digest app:copy)" "$digest"
run docker buildx imagetools create --dry-run "$REGISTRY/app:1"
assert_eq "$(jq -r '.manifests[0].digest' output)" "$digest"
run docker buildx imagetools create -t "$REGISTRY/two:arm" --platform linux/arm64 "$REGISTRY/two:1"
assert_eq "$(skopeo inspect --tls-verify=false --raw "docker://$REGISTRY/two:arm" | jq -c '[.manifests[].platform.architecture]')" '["arm64"]'
jq -n --arg digest "$digest" '{mediaType: "application/vnd.oci.image.manifest.v1+json", digest: $digest, size: 1}' >descriptor
run docker buildx imagetools create -t "$REGISTRY/app:joined" -f descriptor --annotation index:team=red --metadata-file metadata.json
assert_eq "$(skopeo inspect --tls-verify=false --raw "docker://$REGISTRY/app:joined" | jq -r .annotations.team)" red
assert_eq "$(jq -r '."containerimage.digest"' metadata.json)" "$(remote_digest app:joined)"

# --- docker's own flags come first, and --config says who we are ------------------------------------------------
cp -r "$DOCKER_CONFIG" other-config
mkdir empty-home
docker --config "$work/other-config" cooper login --get-login "$REGISTRY" >output 2>log && fail 'there is a login before there is one'
printf '{"auths": {"%s": {"auth": "%s"}}}' "$REGISTRY" "$(printf 'somebody:secret' | base64)" >other-config/config.json
run env -u DOCKER_CONFIG HOME="$work/empty-home" docker --config "$work/other-config" cooper login --get-login "$REGISTRY"
assert_file output somebody

# --- docker is told to end, and so is the build -----------------------------------------------------------------
if can_run && [[ $major -ge 25 ]]; then
  dockerfile slow <<EOF
FROM $base
RUN echo started; while true; do sleep 1; done
EOF
  mkfifo progress
  docker cooper build --progress plain slow 2>progress >/dev/null &
  docker=$!
  exec 5<progress
  while read -r line <&5 && [[ $line != *' started' ]]; do :; done
  kill -TERM "$docker"
  # The end of the pipe is the end of all who could write to it.
  timeout 20 cat <&5 >ending || fail 'the build went on after docker was told to end'
  exec 5<&-
  wait "$docker" || true
fi
