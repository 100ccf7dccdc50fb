#!/bin/bash
# Builds cooper's own image from the Dockerfile at the root, with cooper.
#
# usage: scripts/image.sh [REFERENCE]      $COOPER: the portable program, which goes into the image and builds it
#
# Without a reference the images become OCI layouts, $BUILD/image/TARGET for each target of the Dockerfile; with one,
# REFERENCE and REFERENCE-TARGET are pushed. The same program and the same commit give the same digests: times are the
# commit's (SOURCE_DATE_EPOCH wins). More flags for `cooper build` stand in $IMAGE_FLAGS, separated by blanks.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${BUILD:-build}
cooper=${COOPER:-$build/static/cooper}
reference=${1:-}
directory=$build/image
context=$directory/context
certificates=/etc/ssl/certs/ca-certificates.crt  # of Debian's package ca-certificates
read -ra more <<<"${IMAGE_FLAGS:-}"

lay_out_context() {
  local applet
  rm -rf "$context"
  mkdir -p "$context"/{writable/home,busybox,kaniko/kaniko/ssl,kaniko/usr/local/bin}
  install -d -m 1777 "$context"/writable/{tmp,home/cooper} "$context"/kaniko/{workspace,kaniko,kaniko/.docker,kaniko/ssl/certs}
  ln -s executor "$context/kaniko/kaniko/warmer"
  ln -s /kaniko/executor "$context/kaniko/usr/local/bin/cooper"
  install -m 0755 "$cooper" "$context/cooper"
  install -m 0644 "$certificates" "$context/ca-certificates.crt"
  install -m 0755 "$(command -v busybox)" "$context/busybox/busybox"
  for applet in $("$context/busybox/busybox" --list); do
    [[ $applet == busybox ]] || ln -s busybox "$context/busybox/$applet"
  done
  ln -s /busybox/sh "$context/sh"
}

# What git knows becomes labels; in a tree without git the image has none of them.
label_flags() {
  local revision version source
  revision=$(git rev-parse HEAD 2>/dev/null) || return 0
  version=$(git describe --tags --always --dirty)
  # Without a user and a password, which a CI system's remote may have.
  source=$(git remote get-url origin 2>/dev/null | sed -E -e 's#^[a-z+]+://([^@/]*@)?#https://#' -e 's#^[^@/]+@([^:/]+):#https://\1/#') || true
  labels+=(--label "org.opencontainers.image.revision=$revision" --label "org.opencontainers.image.version=$version")
  [[ $source != https://* ]] || labels+=(--label "org.opencontainers.image.source=${source%.git}")
}

# build_image TARGET DESTINATION-SUFFIX
build_image() {
  local output=(--tag "cooper:latest$2" -o "type=oci,dest=$directory/$1,tar=false")
  [[ -z $reference ]] || output=(--tag "$reference$2" --push)
  [[ -n $reference ]] || rm -rf "${directory:?}/$1"
  "$cooper" build --store "$directory/store" --target "$1" --file Dockerfile "${labels[@]}" "${output[@]}" "${more[@]}" \
    --iidfile "$directory/$1.digest" "$context"
}

labels=()
label_flags
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 0)}
export SOURCE_DATE_EPOCH
lay_out_context
build_image cooper ''
for target in debug kaniko kaniko-warmer kaniko-debug; do build_image "$target" "-$target"; done
