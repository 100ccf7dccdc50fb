# shellcheck shell=bash
# Starts the servers of this folder for shell tests. The caller stops what it started, by process id:
#
#   start_server metadata.py "$work/metadata" --life 60    # sets $server_pid and $server_port
#   kill "$server_pid"

start_server() { # start_server SERVER.py DIRECTORY [OPTION...]
  local server=$1 directory=$2
  shift 2
  mkdir -p "$directory"
  PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 "$(dirname "$(realpath "${BASH_SOURCE[0]}")")/$server" "$directory" "$@" &
  # shellcheck disable=SC2034  # the caller reads both
  server_pid=$!
  until [[ -e $directory/port ]]; do
    kill -0 "$server_pid" 2>/dev/null || return 1
    sleep 0.02
  done
  # shellcheck disable=SC2034
  server_port=$(cat "$directory/port")
}
