#!/bin/bash
# Fails, and names them, when processes or mounts of DIRECTORY are still there.
#
# usage: leftovers.sh DIRECTORY [SECONDS]
#
# What was killed needs a moment to go: the check is repeated for SECONDS (5 by default) before it counts.
set -euo pipefail
directory=$1
patience=${2:-5}

# A process belongs to DIRECTORY when it runs from it, works in it, names it, or has mounts of it.
processes() {
  local status pid link
  for status in /proc/[0-9]*; do
    pid=${status#/proc/}
    [[ $pid -ne $$ && $pid -ne $PPID && $pid -ne ${BASHPID:-0} ]] || continue
    for link in exe cwd root; do
      if [[ $(readlink "$status/$link" 2>/dev/null) == "$directory"/* ]]; then
        echo "$pid"
        continue 2
      fi
    done
    # Only the mounts of processes in other mount namespaces tell something about the process.
    if [[ $(readlink "$status/ns/mnt" 2>/dev/null) != "$(readlink /proc/self/ns/mnt)" ]] &&
      grep -qF "$directory/" "$status/mountinfo" 2>/dev/null && ! is_ancestor "$pid"; then
      echo "$pid"
    fi
  done
}

is_ancestor() {
  local pid=$$
  while [[ $pid -gt 1 ]]; do
    [[ $pid -ne $1 ]] || return 0
    pid=$(awk '/^PPid:/ { print $2 }' "/proc/$pid/status" 2>/dev/null || echo 1)
  done
  return 1
}

remaining() {
  local pid
  for pid in $(processes); do
    is_ancestor "$pid" ||
      echo "process $pid: $(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | cut -c1-200)"
  done
  awk -v directory="$directory/" '$5 != directory && index($5, directory) == 1 { print "mount: " $5 }' /proc/self/mountinfo
}

deadline=$((SECONDS + patience))
while found=$(remaining) && [[ -n $found ]]; do
  if [[ $SECONDS -ge $deadline ]]; then
    printf 'left behind:\n%s\n' "$found" >&2
    exit 1
  fi
  sleep 0.1
done
