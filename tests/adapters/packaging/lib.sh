# shellcheck shell=bash
# The vocabulary of the packaging tests: an empty directory $work, npm's tools, a recording `cooper`, verdicts.
#
# usage of a test: NAME_test.sh [BUILD]. $COOPER is the program that packaging drives; without it a stand-in does.
set -euo pipefail
packaging=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
repository=$(realpath "$packaging/../../..")
tools=$(realpath -m "${1:-$repository/build}")/npm-tools
work=$(mktemp -d)
trap 'on_exit' EXIT
trap 'echo "failed: ${BASH_SOURCE[0]}:$LINENO: $BASH_COMMAND" >&2' ERR
set -E

on_exit() {
  if declare -F stop_registry >/dev/null; then stop_registry; fi
  rm -rf "$work"
}

skip() {
  echo "skipped: $*"
  exit 77
}
fail() {
  echo "failed: ${BASH_SOURCE[1]}:${BASH_LINENO[0]}: $*" >&2
  trap - ERR
  exit 1
}
assert_eq() { # assert_eq ACTUAL EXPECTED [WHAT]
  [[ $1 == "$2" ]] || fail "${3:-value}: got '$1', expected '$2'"
}
assert_contains() { # assert_contains TEXT PART [WHAT]
  [[ $1 == *"$2"* ]] || fail "${3:-text} lacks '$2':"$'\n'"$1"
}

need() { # need PROGRAM...
  local program
  for program in "$@"; do
    command -v "$program" >/dev/null || skip "'$program' is not installed"
  done
}

# Node and the packages that scripts/npm_tools.sh installed, or a skip. Sets $node.
need_npm_tools() {
  [[ -e $tools/recipe ]] || skip "'$tools' is not there: scripts/npm_tools.sh installs it where npm reaches a registry"
  node=$(find "$tools"/node_modules/node-linux-* -path '*/bin/node' 2>/dev/null | head -n 1 || true)
  [[ -n $node ]] || node=$(command -v node)
  export NODE_PATH=$tools/node_modules
}

# --- the recording cooper -----------------------------------------------------------------------------------------

record=$work/record
# Puts `cooper` first on PATH. What is baked in survives a client that starts jobs with an environment of its own.
record_cooper() {
  mkdir -p "$work/bin"
  cat >"$work/bin/cooper" <<END
#!/bin/bash
export RECORD='$record' RECORDED_COOPER='${COOPER:-}' STAND_IN_FAILS='$work/fails'
exec '$packaging/recorder.sh' "\$@"
END
  chmod +x "$work/bin/cooper"
  export PATH=$work/bin:$PATH
}
forget_calls() { rm -rf "$record"; }
calls() { find "$record" -name '*.arguments' 2>/dev/null | wc -l || true; }

recorded_arguments() { # recorded_arguments CALL: separated by blanks
  tr '\0' ' ' <"$record/$1.arguments" | sed 's/ $//'
}
recorded() { # recorded CALL VARIABLE: its value exactly, or "(unset)"
  local line
  while IFS= read -r -d '' line; do
    if [[ ${line%%=*} == "$2" ]]; then
      printf '%s' "${line#*=}"
      return
    fi
  done <"$record/$1.environment"
  printf '(unset)'
}
