#!/bin/bash
# Starts Debian's docker-registry on a free loopback port. Meant to be sourced.
#
#   start_registry DIRECTORY    keeps blobs and log in DIRECTORY; sets REGISTRY to host:port, REGISTRY_PID
#   stop_registry
#
# The registry binds port 0 and says in its log which port it got, so no port is guessed and no wait is timed.

start_registry() {
  local directory=$1 line output port=""
  mkdir -p "$directory/data"
  cat >"$directory/config.yml" <<CONFIG
version: 0.1
log: {level: info, accesslog: {disabled: ${REGISTRY_QUIET:-false}}}
storage:
  filesystem: {rootdirectory: $directory/data}
  delete: {enabled: true}
http: {addr: "127.0.0.1:0"}
CONFIG
  exec {output}< <(exec env OTEL_TRACES_EXPORTER=none docker-registry serve "$directory/config.yml" 2>&1 </dev/null)
  REGISTRY_PID=$!
  while IFS= read -r -t 30 -u "$output" line; do
    printf '%s\n' "$line" >>"$directory/log"
    if [[ $line =~ listening\ on\ 127\.0\.0\.1:([0-9]+) ]]; then
      port=${BASH_REMATCH[1]}
      break
    fi
  done
  if [[ -z $port ]]; then
    echo "cannot start docker-registry:" >&2
    tail -n 5 "$directory/log" >&2
    stop_registry
    return 1
  fi
  # Drains the log until the registry ends, so that it never blocks on a full pipe.
  cat <&"$output" >>"$directory/log" &
  exec {output}<&-
  # shellcheck disable=SC2034  # for the caller
  REGISTRY=127.0.0.1:$port
}

stop_registry() {
  [[ -n ${REGISTRY_PID:-} ]] || return 0
  kill "$REGISTRY_PID" 2>/dev/null || true
  wait "$REGISTRY_PID" 2>/dev/null || true
  REGISTRY_PID=""
}
