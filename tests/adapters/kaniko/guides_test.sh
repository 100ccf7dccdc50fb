#!/bin/bash
# docs/from-kaniko.md and docs/from-buildx.md: the flags that they name are there or refused as they say, and what they call different
# is so.
#
# usage: guides_test.sh [BUILD]      $COOPER: a program in place of BUILD/static/cooper
# shellcheck source=../packaging/lib.sh
source "$(dirname "$(realpath "$0")")/../packaging/lib.sh"
cooper=${COOPER:-$(realpath -m "${1:-$repository/build}")/static/cooper}
[[ -e $cooper ]] || skip "'$cooper' is not there: 'make static' makes it"
need jq umoci busybox
mkdir "$work/context"
cd "$work"

refuses() { # refuses CODE PART ARGUMENT...: cooper ends with CODE, and says PART
  local code=$1 part=$2 result=0
  shift 2
  "$cooper" "$@" >"$work/log" 2>&1 </dev/null || result=$?
  assert_eq "$result" "$code" "exit code of $*"
  assert_contains "$(cat "$work/log")" "$part" "what is said of $*"
}

# --- buildx -----------------------------------------------------------------------------------------------------------------

"$cooper" build --help >"$work/help"
flags=$(sed -n '/^The same, with the same meaning/,/^$/p' "$repository/docs/from-buildx.md" | grep -oE -e '--[a-z-]+')
[[ $(wc -l <<<"$flags") -gt 20 ]] || fail 'the guide names few flags'
for flag in $flags --explain --result-file --store --isolation --parallel; do
  grep -qE -e "(^|[ ,])$flag\b" "$work/help" || fail "'$flag' is no flag of 'cooper build'"
done
printf 'FROM scratch\nCOPY Dockerfile /\n' >context/Dockerfile
assert_contains "$("$cooper" build --store "$work/kaniko/cooper" -q -t a:1 -o type=docker,dest=- context | tar -xO manifest.json)" a:1 \
  'what docker load is given'
for flag in --provenance=true --sbom=true --attest=type=sbom; do
  if "$cooper" build "$flag" context >log 2>&1 </dev/null; then fail "'$flag' was taken"; fi
  assert_contains "$(cat log)" "${flag%%=*}" 'what was refused'
done
refuses 2 'type=registry with ghcr.io' build --cache-to type=gha context
for words in 'image inspect' 'image index' login; do
  # shellcheck disable=SC2086  # two words
  "$cooper" $words --help >/dev/null
done

# --- Kaniko ---------------------------------------------------------------------------------------------------------------------

refuses 1 --materialize kaniko -c context --no-push --materialize

# Builds the Dockerfile on standard input by Kaniko's flags; the image is the OCI layout $work/image, its files $work/files.
kaniko() { # kaniko [FLAG]...
  cat >context/Dockerfile
  rm -rf image unpacked
  "$cooper" kaniko --kaniko-dir="$work/kaniko" -c context -d registry.example.com/app:1 --no-push --oci-layout-path=image "$@" >log 2>&1 ||
    fail "cooper kaniko $*: $(cat log)"
}
files() {
  "$cooper" image copy "oci-layout://image" oci-layout://copy:1 >/dev/null 2>&1
  umoci unpack --rootless --image copy:1 unpacked 2>/dev/null
  rm -rf copy
}
manifest() { jq -r .mediaType "image/blobs/sha256/$(jq -r '.manifests[0].digest' image/index.json | cut -d: -f2)"; }

cp "$(command -v busybox)" context/busybox
echo 1 >context/one
echo 2 >context/two
# shellcheck disable=SC2016  # for the step's shell
dockerfile='ARG WORD=outside
FROM scratch AS base
COPY busybox /bin/busybox
FROM base
ARG OTHER
COPY --exclude=two one two /copied/
RUN ["/bin/busybox", "sh", "-c", "/bin/busybox mkdir -p /var/run/x; echo \"[$WORD]\" >/word"]'
kaniko --snapshot-mode=redo --use-new-run --cleanup --force <<<"$dockerfile"
assert_contains "$(cat log)" 'without a meaning here' 'the log'
for flag in --snapshot-mode --use-new-run --cleanup --force; do assert_contains "$(cat log)" "$flag" 'the log'; done
assert_eq "$(manifest)" application/vnd.oci.image.manifest.v1+json 'the format of the image'
files
[[ -d unpacked/rootfs/var/run/x ]] || fail '/var/run is not in the image'
assert_eq "$(ls unpacked/rootfs/copied)" one 'what COPY --exclude leaves'
assert_eq "$(cat unpacked/rootfs/word)" '[]' 'an ARG that is not of the stage'
kaniko --ignore-var-run --single-snapshot <<<"$dockerfile"
files
[[ ! -e unpacked/rootfs/var/run/x ]] || fail '/var/run is in the image in spite of --ignore-var-run'
kaniko --image-format=docker <<<"$dockerfile"
assert_eq "$(manifest)" application/vnd.docker.distribution.manifest.v2+json 'the format that was asked for'
kaniko --reproducible <<<"$dockerfile"
files
assert_eq "$(stat -c %Y unpacked/rootfs/word)" 0 'time of a file'

printf 'FROM scratch\nCOPY missing /\n' >context/Dockerfile
refuses 1 missing kaniko -c context --no-push --kaniko-dir="$work/kaniko"
printf 'FROM scratch\nCOPIE one /\n' >context/Dockerfile
refuses 1 COPIE kaniko -c context --no-push --kaniko-dir="$work/kaniko"
