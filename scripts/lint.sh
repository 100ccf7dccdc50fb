#!/bin/bash
# Checks format, naming, sizes and likely bugs, and changes nothing: clang-format, shellcheck, clang-tidy.
#
# clang-tidy takes seconds a file, so a file that passed is remembered, for every checkout of this user, under the hash of
# everything that it read: itself, our headers that it includes, the configuration and the tool.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${BUILD:-build}
jobs=${JOBS:-$(nproc)}
passed=${XDG_CACHE_HOME:-$HOME/.cache}/cooper-lint
mkdir -p "$passed"
failed=0

mapfile -t sources < <(find core adapters tests -name '*.cpp' -o -name '*.h' | sort)
if ! clang-format-14 --dry-run -Werror "${sources[@]}"; then
  echo "hint: run 'make format'" >&2
  failed=1
fi

mapfile -t scripts < <(grep -rlE '^#!/bin/(ba)?sh' scripts .ci tests adapters examples | sort)
shellcheck -x -P SCRIPTDIR "${scripts[@]}" || failed=1

# One line a source: "source header header ...", ours only. Ninja knows the headers of what it has compiled; a
# file that was never compiled gets no line and counts every header instead.
dependencies=$(ninja -C "$build" -t deps 2>/dev/null | awk -v root="$PWD/" '
  function flush() { if (line != "") print line; line = "" }
  /^[^ ]/ { flush(); next }
  # ccache makes paths below the checkout relative to the build directory.
  { sub(/^[ \t]*(\.\.\/)+/, root) }
  index($1, root) == 1 { line = line (line == "" ? "" : " ") substr($1, length(root) + 1) }
  END { flush() }' || true)
all_headers=$(find core adapters -name '*.h' | sort | tr '\n' ' ')

hash_of() { # hash_of SOURCE
  local files
  files=$(awk -v source="$1" '$1 == source { print; exit }' <<<"$dependencies")
  # shellcheck disable=SC2086  # a list of our own file names, which have no blanks
  { clang-tidy-14 --version; sha256sum .clang-tidy ${files:-$1 $all_headers}; } 2>&1 | sha256sum | cut -c1-64
}

# clang cannot read g++'s precompiled headers, so it gets a compilation database without them.
database=$build/lint
scripts/configure.sh "$database" -DCOOPER_TESTS=OFF -DCOOPER_PCH=OFF
# An option of g++ alone, and an error to clang.
sed -i 's/ -fno-tree-loop-distribute-patterns//' "$database/compile_commands.json"

mapfile -t units < <(jq -r '.[].file' "$database/compile_commands.json" | sed -n "s|^$PWD/||p" |
  grep -E '^(core|adapters)/' | sort -u)
todo=()
declare -A hashes
for unit in "${units[@]}"; do
  hashes[$unit]=$(hash_of "$unit")
  [[ -e $passed/${hashes[$unit]} ]] || todo+=("$unit")
done

if [[ ${#todo[@]} -gt 0 ]]; then
  echo "clang-tidy: ${#todo[@]} of ${#units[@]} files"
  tidy() { # tidy BUILD STAMP SOURCE
    local output
    # "N warnings generated" counts what the header filter drops; it says nothing.
    if output=$(clang-tidy-14 -p "$1" --quiet "$3" 2>&1); then
      touch "$2"
    else
      grep -vE '^[0-9]+ (warnings?|errors?).* generated\.$' <<<"$output"
      return 1
    fi
  }
  export -f tidy
  for unit in "${todo[@]}"; do
    printf '%s\0%s\0%s\0' "$database" "$passed/${hashes[$unit]}" "$unit"
  done | xargs -0 -n 3 -P "$jobs" bash -c 'tidy "$@"' tidy || failed=1
fi

if [[ $failed -ne 0 ]]; then
  echo "lint: failed" >&2
  exit 1
fi
echo "lint: ${#sources[@]} files in order"
