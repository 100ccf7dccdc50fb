#!/bin/bash
# The whole product in one go: base images from Debian packages, a registry, a multi-stage build, a push, a run of
# the result, a rebuild from cache. No Docker, no daemon, no root needed. Ends everything that it starts.
set -euo pipefail
cd "$(dirname "$0")/.."
source scripts/registry.sh

cooper=$(realpath "${COOPER:-build/cooper}")
cache=$PWD/build/demo-cache
work=$(mktemp -d "${TMPDIR:-/tmp}/cooper-demo.XXXXXX")
cleanup() {
  stop_registry
  # Unpacked layers may hold directories without write permission, and files of subordinate ids.
  chmod -R u+rwX "$work" 2>/dev/null || true
  rm -rf "$work" 2>/dev/null || unshare --map-root-user --map-auto -- rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

title() { printf '\n\033[1m== %s\033[0m\n' "$*"; }
[[ -t 1 ]] || title() { printf '\n== %s\n' "$*"; }
now() { date +%s%N; }
seconds_since() { awk -v from="$1" -v to="$(now)" 'BEGIN { printf "%.2f s", (to - from) / 1e9 }'; }

took=()
timed() { # timed WHAT COMMAND...: runs it, shows it, notes the time
  local what=$1 start result=0
  shift
  start=$(now)
  "$@" || result=$?
  if [[ $result -ne 0 ]]; then
    echo "demo: failed: $what (exit code $result)" >&2
    exit "$result"
  fi
  took+=("$(printf '%-58s %9s' "$what" "$(seconds_since "$start")")")
}

run_cooper() {
  echo "\$ cooper ${*//$work/\$WORK}"
  "$cooper" "$@"
}

# shellcheck source=/dev/null
platform=$(. /etc/os-release && echo "$ID${VERSION_ID:-}")

title "1  Two base images, out of this machine's Debian packages"
for base in build run; do
  mkdir -p "$cache/$base"
  printf 'FROM scratch\nADD base.tar /\n' >"$cache/$base/Dockerfile"
done
echo "a compiler base:"
timed 'compiler base, mmdebstrap' scripts/debian-base.sh "$cache/build/base.tar" essential g++ libc6-dev
echo "a slim base:"
timed 'slim base, mmdebstrap' scripts/debian-base.sh "$cache/run/base.tar" extract base-files libc6 libgcc-s1

title "2  A registry on this machine"
start_registry "$work/registry"
echo "docker-registry listens on $REGISTRY"

title "3  The bases become images: FROM scratch, ADD base.tar, push"
for base in build run; do
  timed "cooper build --push, base image '$base'" \
    run_cooper build --store "$work/base-store" -t "$REGISTRY/$base-$platform" --push "$cache/$base"
done

title "4  A multi-stage image from those bases, on an empty store, pushed"
cp -r examples/hello-stages "$work/context"
grep -nE '^(FROM|RUN|COPY)' "$work/context/Dockerfile" | sed 's/^/    /'
image=$REGISTRY/hello-stages:latest
arguments=(build --store "$work/store" --build-arg "REGISTRY=$REGISTRY" --build-arg "PLATFORM=$platform")
timed 'cooper build --push, from nothing' \
  run_cooper "${arguments[@]}" -t "$image" --push --metadata-file "$work/first.json" "$work/context"

title "5  What skopeo finds in the registry"
skopeo inspect --tls-verify=false "docker://$image" >"$work/inspect.json"
jq '{Name, Digest, Created, Architecture, Os, Labels, Env, Layers}' "$work/inspect.json"
digest=$(jq -r '."containerimage.digest"' "$work/first.json")
if [[ $(jq -r .Digest "$work/inspect.json") != "$digest" ]]; then
  echo "demo: the registry has another digest than cooper said: $digest" >&2
  exit 1
fi

title "6  The program, run out of the exported image"
timed 'cooper build -o type=local' \
  run_cooper "${arguments[@]}" -o "type=local,dest=$work/root" "$work/context"
run_image() {
  if [[ $(id -u) -eq 0 ]]; then
    chroot "$work/root" /usr/bin/hello
  elif unshare --map-root-user true 2>/dev/null; then
    unshare --map-root-user --root "$work/root" /usr/bin/hello
  else
    # No way into the tree here: the image's own loader runs the program with the image's own libraries.
    "$work/root/lib64/ld-linux-x86-64.so.2" \
      --library-path "$work/root/lib/x86_64-linux-gnu:$work/root/usr/lib" "$work/root/usr/bin/hello"
  fi
}
greeting=$(HELLO_PLATFORM=$platform run_image)
echo "$greeting"
[[ $greeting == *" 92 ways" ]] || { echo "demo: the program said something else" >&2; exit 1; }

title "7  The same build again: everything from cache"
timed 'cooper build --push, again' \
  run_cooper "${arguments[@]}" -t "$image" --push --metadata-file "$work/second.json" "$work/context"
if [[ $(jq -r '."containerimage.digest"' "$work/second.json") != "$digest" ]]; then
  echo "demo: the rebuild made another digest" >&2
  exit 1
fi
echo "same digest: $digest"

title "8  One file of one stage changed: the other stage stays as it is"
sed -i 's/hello from/good day from/' "$work/context/program/main.cpp"
timed 'cooper build --push, one file changed' \
  run_cooper "${arguments[@]}" -t "$image" --push "$work/context"

title "What it took"
printf '  %s\n' "${took[@]}"
