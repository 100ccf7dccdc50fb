# shellcheck shell=bash
# A file server for the tests of what is fetched; source it after lib.sh.
#
#   start_file_server DIRECTORY    sets FILES to http://host:port; answers are lines in $FILES_LOG
# shellcheck disable=SC2154  # $e2e is lib.sh's

FILES_LOG=$E2E_DIRECTORY/files.log
FILES_PID=''

start_file_server() { # start_file_server DIRECTORY
  local output port
  need perl
  exec {output}< <(exec perl "$e2e/file_server.pl" "$1" "$FILES_LOG" </dev/null)
  FILES_PID=$!
  # The port is printed once the server listens.
  IFS= read -r -t 30 -u "$output" port || fail 'the file server does not start'
  exec {output}<&-
  # shellcheck disable=SC2034  # for the tests
  FILES=http://127.0.0.1:$port
}

stop_file_server() {
  [[ -n $FILES_PID ]] || return 0
  kill "$FILES_PID" 2>/dev/null || true
  wait "$FILES_PID" 2>/dev/null || true
  FILES_PID=''
}
trap 'stop_file_server; stop_registry' EXIT

served() { grep -cx -- "$1" "$FILES_LOG" || true; } # served "STATUS PATH": how often
