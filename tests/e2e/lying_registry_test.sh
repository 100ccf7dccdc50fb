#!/bin/bash
# A registry whose blobs are not what they say: refused, never used, and forgiven once the registry is mended.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
with_base

layer=$(jq -r '.layers[0].digest' .manifest)
config=$(jq -r '.config.digest' .manifest)
dockerfile context <<END
FROM $base
COPY file /
END
echo content >context/file

honest_build() {
  build_tree tree context
  assert_file tree/file content
  assert_file tree/var/lib/demo/file base
  rm -rf tree
}

lies=0
lie() { # lie WHAT DIGEST COMMAND...: damages the registry's file, builds, mends it
  local what=$1 file result=0
  # What was verified once is kept, so each lie meets a store that knows nothing.
  store=$E2E_DIRECTORY/store-$((++lies))
  file=$(registry_file "$2")
  shift 2
  cp "$file" kept
  "$@" "$file"
  "$cooper" build --store "$store" --progress plain -o out context 2>log || result=$?
  # A wrong length is the registry's mistake, wrong bytes are corruption; both are refusals.
  [[ $result -eq 5 || $result -eq 8 ]] || fail "$what: exit code $result: $(cat log)"
  assert_contains "$(cat log)" "$REGISTRY" "$what"
  assert_absent out/var
  cp kept "$file"
  "$e2e/leftovers.sh" "$store"
}
flip() { # flips a byte in the middle
  local middle=$(($(stat -c %s "$1") / 2)) byte
  byte=$(od -An -tu1 -j "$middle" -N 1 "$1" | tr -d ' ')
  # shellcheck disable=SC2059  # the octal number is the format
  printf "\\$(printf %o $((byte ^ 255)))" | dd of="$1" bs=1 seek="$middle" conv=notrunc status=none
}
halve() { truncate -s $(($(stat -c %s "$1") / 2)) "$1"; }
lengthen() { echo trailing >>"$1"; }
another() { gzip -nc "$work/other.tar" >"$1"; }
empty() { : >"$1"; }

mkdir other
echo evil >other/evil
tar -cf other.tar -C other .

lie 'layer with a flipped byte' "$layer" flip
lie 'layer cut in half' "$layer" halve
lie 'layer with more at its end' "$layer" lengthen
lie 'another layer in its place' "$layer" another
lie 'empty layer' "$layer" empty
lie 'config with a flipped byte' "$config" flip
lie 'config cut in half' "$config" halve
lie 'empty config' "$config" empty
honest_build
# What was verified once is kept: the registry may lie or die now.
stop_registry
printf 'FROM scratch\nCOPY file /\n' >Other
rm -rf tree
build_tree tree -o type=oci,dest=image.tar -f "$work/Other" context
