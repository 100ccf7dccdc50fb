# For the tests of the stub: sourced, with STUB_RUN as first argument. Makes a root with busybox, and ways to run
# things in it: as an ordinary user, without any privilege when the test is root.
# shellcheck shell=bash
set -euo pipefail
work=$(mktemp -d "${TMPDIR:-/tmp}/cooper-stub-XXXXXX")
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
install -m 755 "$1" "$work/stub_run"
root=$work/root
failed=0

make_root() {
  mkdir -p "$1"/{bin,etc,tmp}
  cp "$(command -v busybox)" "$1/bin/busybox"
  local applet
  for applet in $(busybox --list); do [[ $applet == busybox ]] || ln -s busybox "$1/bin/$applet"; done
}

give_away() {
  if [[ $(id -u) -eq 0 ]]; then chown -hR 65534:65534 "$@"; fi
}

unprivileged() {
  if [[ $(id -u) -eq 0 ]]; then
    setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all "$@"
  else
    "$@"
  fi
}

# in_root [OPTION of stub_run...] -- SCRIPT: what it prints, errors too, and how it ended when that is not 0
in_root() {
  local options=()
  while [[ $1 != -- ]]; do
    options+=("$1")
    shift
  done
  unprivileged timeout 60 env -i PATH=/bin "$work/stub_run" "${options[@]}" "$root" /bin/sh -c "$2" 2>&1 || echo "exit $?"
}

expect() {
  if [[ $2 != "$3" ]]; then
    printf 'FAIL: %s: expected\n%s\ngot\n%s\n' "$1" "$2" "$3"
    # shellcheck disable=SC2034  # the test's exit code
    failed=1
  fi
}
