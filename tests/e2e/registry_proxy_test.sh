#!/bin/bash
# What stands between a CI and its registry: a proxy that limits bodies, and lines that break.
# Nothing of it depends on who builds.
# runs only: self
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
PATH=$PATH:/usr/sbin
need docker-registry nginx perl
start_registry "$E2E_DIRECTORY/registry"

proxies=()
# shellcheck disable=SC2317  # called by the trap
stop_proxies() { [[ ${#proxies[@]} -eq 0 ]] || kill "${proxies[@]}" 2>/dev/null || true; }
trap 'stop_proxies; stop_registry' EXIT
proxy() { # proxy LOG ARGUMENT...: sets $address
  local log=$1 port output
  shift
  exec {output}< <(exec perl "$e2e/proxies.pl" "$@" 2>&1 </dev/null)
  proxies+=($!)
  IFS= read -r -t 30 -u "$output" port || fail "no proxy: $*"
  [[ $port =~ ^[0-9]+$ ]] || fail "no proxy: $port"
  cat <&"$output" >"$log" &
  exec {output}<&-
  address=127.0.0.1:$port
}

mkdir -p nginx context
proxy nginx.log nginx "$work/nginx" "$REGISTRY" 1m
nginx=$address
head -c 10000000 /dev/urandom >context/large
head -c 2500000 /dev/urandom >context/middle
echo small >context/small
dockerfile context <<'END'
FROM scratch
COPY large /
COPY middle /
COPY small /
END
pull_and_compare() { # pull_and_compare IMAGE
  # What is in the store would not be pulled.
  store=$E2E_DIRECTORY/store-$((++pulls))
  printf 'FROM %s\n' "$1" >Pull
  rm -rf tree
  build_tree tree -f "$work/Pull" context
  for file in large middle small; do
    assert_eq "$(digest_of "tree/$file")" "$(digest_of "context/$file")" "'$file' of '$1'"
  done
  "$e2e/leftovers.sh" "$store"
}
pulls=0

# nginx takes 1 MiB at a time. The large layer is streamed first, which nginx ends; the others start with chunks.
build -t "$nginx/limited" --push context
assert_contains "$(cut -d' ' -f6-9 nginx/access.log)" '413' 'what nginx answered'
[[ $(grep -c '"PATCH .* 202 ' nginx/access.log) -ge 13 ]] || fail "not in chunks: $(cat nginx/access.log)"
pull_and_compare "$nginx/limited"
pull_and_compare "$REGISTRY/limited"

# The same with a line that breaks after 1.7 MB, again and again: each chunk is sent until it came through, and the
# session goes on.
proxy cuts cut "$nginx" 1700000 1000
build -t "$address/broken" --push context
[[ $(grep -c cut cuts) -ge 5 ]] || fail "the line broke only $(grep -c cut cuts) times"
pull_and_compare "$REGISTRY/broken"
before=$(grep -c cut cuts)
pull_and_compare "$address/broken"
[[ $(($(grep -c cut cuts) - before)) -ge 5 ]] || fail 'the line held while pulling'

# docker-registry itself does not resume what broke in the middle of a body: the blob is sent again.
proxy few cut "$REGISTRY" 1700000 2
build -t "$address/again" --push context
assert_eq "$(grep -c cut few)" 2 'breaks'
pull_and_compare "$REGISTRY/again"
