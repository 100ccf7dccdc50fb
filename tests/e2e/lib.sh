# shellcheck shell=bash
# The vocabulary of the end-to-end tests. Each test sources it and then drives the built cooper from outside.
#
# Every test has: $work, an empty directory; $store, its own store; `build` and `build_fails`; a busybox base image
# in a registry after `with_base`. Everything is removed by run.sh, which also looks for what was left behind.
set -euo pipefail
e2e=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
# shellcheck source=../../scripts/registry.sh
source "$e2e/registry.sh"

cooper=$E2E_DIRECTORY/cooper
work=$E2E_DIRECTORY/work
store=$E2E_DIRECTORY/store
export DOCKER_CONFIG=$HOME/.docker
cd "$work"

trap 'stop_registry' EXIT
trap 'echo "failed: ${BASH_SOURCE[0]}:$LINENO: $BASH_COMMAND" >&2' ERR
set -E

# --- verdicts ---------------------------------------------------------------------------------------------------

skip() {
  echo "skipped: $*"
  exit 77
}

fail() {
  echo "failed: $*" >&2
  local frame
  for ((frame = 1; frame < ${#FUNCNAME[@]}; frame++)); do
    echo "  at $(basename "${BASH_SOURCE[frame]}"):${BASH_LINENO[frame - 1]} ${FUNCNAME[frame]}" >&2
  done
  trap - ERR
  exit 1
}

need() { # need PROGRAM...
  local program
  for program in "$@"; do
    command -v "$program" >/dev/null || skip "'$program' is not installed"
  done
}

assert_eq() { # assert_eq ACTUAL EXPECTED [WHAT]
  [[ $1 == "$2" ]] || fail "${3:-value}: got '$1', expected '$2'"
}

assert_ne() { # assert_ne ACTUAL UNEXPECTED [WHAT]
  [[ $1 != "$2" ]] || fail "${3:-value}: did not expect '$1'"
}

assert_contains() { # assert_contains TEXT PART [WHAT]
  [[ $1 == *"$2"* ]] || fail "${3:-text} lacks '$2':"$'\n'"$1"
}

assert_lacks() { # assert_lacks TEXT PART [WHAT]
  [[ $1 != *"$2"* ]] || fail "${3:-text} has '$2':"$'\n'"$1"
}

assert_file() { # assert_file PATH CONTENT
  [[ -f $1 ]] || fail "no file '$1'"
  assert_eq "$(cat "$1")" "$2" "content of '$1'"
}

assert_absent() { # assert_absent PATH
  [[ ! -e $1 && ! -L $1 ]] || fail "'$1' exists"
}

# --- cooper -----------------------------------------------------------------------------------------------------

# Standard error goes to $work/log, also shown when the build fails.
build() { # build ARGUMENT...
  local result=0
  "$cooper" build --store "$store" --progress plain "$@" 2>"$work/log" || result=$?
  if [[ $result -ne 0 ]]; then
    cat "$work/log" >&2
    fail "cooper build $*: exit code $result"
  fi
}

# Expects a failure with this exit code, in the house form; leaves the message in $work/log and $message.
build_fails() { # build_fails CODE ARGUMENT...
  local code=$1 result=0
  shift
  "$cooper" build --store "$store" --progress plain "$@" >"$work/output" 2>"$work/log" || result=$?
  message=$(cat "$work/log")
  [[ $result -eq $code ]] || fail "cooper build $*: exit code $result, expected $code:"$'\n'"$message"
  [[ -n $message ]] || fail "cooper build $*: failed without a word"
  assert_lacks "$message" 'terminate called' 'standard error'
}

# True when RUN works for this identity here. The reason of a no is for skip().
can_run() {
  [[ -n ${CAN_RUN:-} ]] || {
    mkdir -p "$work/.probe"
    cp "$(command -v busybox)" "$work/.probe/busybox"
    printf 'FROM scratch\nCOPY busybox /bin/sh\nRUN true\n' >"$work/.probe/Dockerfile"
    CAN_RUN=0
    "$cooper" build --store "$E2E_DIRECTORY/probe-store" --progress plain "$work/.probe" 2>"$work/.probe/log" || CAN_RUN=$?
  }
  [[ $CAN_RUN -ne 9 ]]
}

need_run() { can_run || skip "RUN is not possible here: $(tail -n 1 "$work/.probe/log")"; }

# The isolation that RUN has here.
isolation() {
  ISOLATION=${ISOLATION:-$("$cooper" doctor --store "$E2E_DIRECTORY/probe-store" | sed -n 's/^RUN steps use: //p')}
  echo "$ISOLATION"
}

# Whether steps have mounts and ids of their own, as root of their namespaces.
has_mounts() { [[ $(isolation) == privileged || $(isolation) == userns ]]; }

dockerfile() { # dockerfile DIRECTORY <<EOF
  mkdir -p "$1"
  cat >"$1/Dockerfile"
}

# Exports a build's file system to DIRECTORY.
build_tree() { # build_tree DIRECTORY ARGUMENT...
  local directory=$1
  shift
  build -o "type=local,dest=$directory" "$@"
}

# --- images -----------------------------------------------------------------------------------------------------

digest_of() { sha256sum "$1" | cut -d' ' -f1; }
# The digest of a result, without keeping the result.
image_digest() { # image_digest ARGUMENT...
  build -o "type=oci,dest=$work/.digest.tar" --metadata-file "$work/.metadata.json" "$@"
  jq -r '."containerimage.digest"' "$work/.metadata.json"
}

# Unpacks an OCI archive; the functions below read such a directory.
oci_open() { # oci_open ARCHIVE DIRECTORY
  mkdir -p "$2"
  tar -xf "$1" -C "$2"
}
oci_blob() { # oci_blob DIRECTORY DIGEST
  echo "$1/blobs/sha256/${2#sha256:}"
}
oci_manifest() { # oci_manifest DIRECTORY: the path of the (first platform's) manifest
  local path
  path=$(oci_blob "$1" "$(jq -r '.manifests[0].digest' "$1/index.json")")
  if jq -e '.manifests' "$path" >/dev/null; then path=$(oci_blob "$1" "$(jq -r '.manifests[0].digest' "$path")"); fi
  echo "$path"
}
oci_config() { oci_blob "$1" "$(jq -r .config.digest "$(oci_manifest "$1")")"; }
oci_layer_count() { jq '.layers | length' "$(oci_manifest "$1")"; }
oci_layer_list() { # oci_layer_list DIRECTORY NUMBER: tar's long listing of a layer, from 0; -1 is the last
  local blob
  blob=$(oci_blob "$1" "$(jq -r ".layers[$2].digest" "$(oci_manifest "$1")")")
  { gzip -dc "$blob" 2>/dev/null || zstd -dcq "$blob"; } | tar --numeric-owner -tv --full-time --quoting-style=escape
}
# Checks every digest and size of a layout: what is stored is what it says.
oci_verify() { # oci_verify DIRECTORY
  local blob manifest digest size
  for blob in "$1"/blobs/sha256/*; do
    assert_eq "$(digest_of "$blob")" "$(basename "$blob")" "digest of '$blob'"
  done
  manifest=$(oci_manifest "$1")
  while read -r digest size; do
    assert_eq "$(stat -c %s "$(oci_blob "$1" "$digest")")" "$size" "size of '$digest'"
  done < <(jq -r '(.config, .layers[]) | "\(.digest) \(.size)"' "$manifest")
}

# Checks every blob of a store: nothing is there half-written.
store_verify() { # store_verify STORE
  local blob
  while IFS= read -r blob; do
    assert_eq "$(digest_of "$blob")" "$(basename "$blob")" 'blob in the store'
  done < <(find "$1/blobs" -type f)
}

# Puts a blob or a manifest into the registry as it is: hostile ones too, which no decent tool would push.
registry_put_blob() { # registry_put_blob REPOSITORY FILE: prints the digest
  local location digest separator='?'
  digest=sha256:$(digest_of "$2")
  location=$(curl -sS -o /dev/null -D - -X POST "http://$REGISTRY/v2/$1/blobs/uploads/" |
    tr -d '\r' | sed -n 's/^[Ll]ocation: //p')
  [[ $location == *\?* ]] && separator='&'
  curl -sS -f -o /dev/null -X PUT -H 'Content-Type: application/octet-stream' --data-binary "@$2" \
    "$location${separator}digest=$digest"
  echo "$digest"
}
registry_put_manifest() { # registry_put_manifest REPOSITORY TAG TYPE FILE
  curl -sS -f -o /dev/null -X PUT -H "Content-Type: $3" --data-binary "@$4" "http://$REGISTRY/v2/$1/manifests/$2"
}
# Where the registry keeps a blob on disk, for tests that damage it.
registry_file() { # registry_file DIGEST
  local hex=${1#sha256:}
  echo "$E2E_DIRECTORY/registry/data/docker/registry/v2/blobs/sha256/${hex:0:2}/$hex/data"
}

# An image of tar files, pushed without a tool that could object. A .tar is compressed, a .gz or .zst is taken as it is.
push_image() { # push_image REPOSITORY:TAG CONFIG-JSON LAYER...
  local repository=${1%:*} tag=${1##*:} config=$2 layer blob diff_ids='[]' layers='[]' type
  shift 2
  for layer in "$@"; do
    type=application/vnd.oci.image.layer.v1.tar+gzip
    blob=$layer
    case $layer in
      *.tar)
        gzip -n -c "$layer" >"$layer.gz"
        blob=$layer.gz
        ;;
      *.zst) type=application/vnd.oci.image.layer.v1.tar+zstd ;;
    esac
    diff_ids=$(jq -c --arg id "sha256:$({ gzip -dc "$blob" 2>/dev/null || zstd -dcq "$blob"; } | sha256sum | cut -d' ' -f1)" \
      '. + [$id]' <<<"$diff_ids")
    layers=$(jq -c --arg type "$type" --arg digest "$(registry_put_blob "$repository" "$blob")" \
      --argjson size "$(stat -c %s "$blob")" '. + [{mediaType: $type, digest: $digest, size: $size}]' <<<"$layers")
  done
  jq -c -n --argjson config "$config" --argjson ids "$diff_ids" --arg architecture "$(image_architecture)" \
    '{architecture: $architecture, os: "linux", config: $config, rootfs: {type: "layers", diff_ids: $ids}}' >"$work/.config"
  jq -c -n --argjson layers "$layers" --arg digest "$(registry_put_blob "$repository" "$work/.config")" \
    --argjson size "$(stat -c %s "$work/.config")" '{schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config: {mediaType: "application/vnd.oci.image.config.v1+json", digest: $digest, size: $size},
      layers: $layers}' >"$work/.manifest"
  registry_put_manifest "$repository" "$tag" application/vnd.oci.image.manifest.v1+json "$work/.manifest"
}
image_architecture() {
  case $(uname -m) in
    x86_64) echo amd64 ;;
    aarch64) echo arm64 ;;
    *) uname -m ;;
  esac
}

# A root file system out of Debian's static busybox, as a tar that does not depend on who makes it.
busybox_tar() { # busybox_tar OUT.tar
  local root=$work/.busybox applet
  need busybox
  mkdir -p "$root"/{bin,etc,root,usr/bin,var/lib/demo/deep}
  cp "$(command -v busybox)" "$root/bin/busybox"
  for applet in $("$root/bin/busybox" --list); do
    [[ $applet == busybox ]] || ln -sf busybox "$root/bin/$applet"
  done
  printf 'root:x:0:0:root:/root:/bin/sh\ndaemon:x:1:1::/:/bin/false\napp:x:1000:1000::/home/app:/bin/sh\n' >"$root/etc/passwd"
  printf 'root:x:0:\ndaemon:x:1:\nstaff:x:50:app\napp:x:1000:\n' >"$root/etc/group"
  echo base >"$root/var/lib/demo/file"
  echo deep >"$root/var/lib/demo/deep/file"
  mkdir -p "$root/tmp"
  chmod 1777 "$root/tmp"
  tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@1700000000 -cf "$1" -C "$root" .
}

# Starts the registry and puts the base image into it, as $base.
with_base() {
  need docker-registry curl jq busybox
  start_registry "$E2E_DIRECTORY/registry"
  busybox_tar "$work/.base.tar"
  push_image base:latest '{"Env":["PATH=/bin:/usr/bin","FROM_BASE=yes"],"Cmd":["/bin/sh"]}' "$work/.base.tar"
  # shellcheck disable=SC2034  # for the tests
  base=$REGISTRY/base:latest
}
