# shellcheck shell=bash
# Serves git repositories over smart HTTP on loopback: busybox' httpd with git-http-backend as its CGI program. Meant
# to be sourced after lib.sh.
#
#   start_git_server DIRECTORY   serves DIRECTORY/*.git; sets GIT_URL to the URL before the repository's name
#   stop_git_servers
#
# Repositories that DIRECTORY/private names, one a line, want the token in $GIT_TOKEN. Each request that gets through
# is a line in DIRECTORY/log: method, path, query.

GIT_SERVERS=()

start_git_server() {
  local directory=$1 www=$1/www port="" name pid
  mkdir -p "$www/cgi-bin"
  cat >"$www/cgi-bin/git" <<CGI
#!/bin/sh
echo "\$REQUEST_METHOD \$PATH_INFO \$QUERY_STRING" >>"$directory/log"
GIT_PROJECT_ROOT=$directory GIT_HTTP_EXPORT_ALL=1 HOME=/nonexistent exec git http-backend 2>>"$directory/errors"
CGI
  chmod +x "$www/cgi-bin/git"
  : >"$directory/log"
  : >"$directory/httpd.conf"
  if [[ -f $directory/private ]]; then
    while IFS= read -r name; do
      printf '/cgi-bin/git/%s:x-access-token:%s\n' "$name" "$GIT_TOKEN" >>"$directory/httpd.conf"
    done <"$directory/private"
  fi
  busybox httpd -f -p 127.0.0.1:0 -h "$www" -c "$directory/httpd.conf" &
  pid=$!
  GIT_SERVERS+=("$pid")
  # It does not say which port it got, nor when: the kernel knows.
  until port=$(listening_port "$pid") && [[ -n $port ]]; do
    kill -0 "$pid" || fail 'the git server ended'
    read -r -t 0.05 <> <(:) || true
  done
  # shellcheck disable=SC2034  # for the tests
  GIT_URL=http://127.0.0.1:$port/cgi-bin/git
}

stop_git_servers() {
  local pid
  for pid in "${GIT_SERVERS[@]}"; do
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  GIT_SERVERS=()
}

# The TCP port that a process listens on, "" for none.
listening_port() { # listening_port PID
  local inode
  inode=$(readlink "/proc/$1"/fd/* 2>/dev/null | sed -n 's/^socket:\[\(.*\)\]$/\1/p' | head -n 1)
  [[ -n $inode ]] || return 0
  awk -v inode="$inode" '$4 == "0A" && $10 == inode { split($2, at, ":"); print at[2] }' "/proc/$1/net/tcp" |
    while read -r hex; do echo "$((16#$hex))"; done
}

# git with an identity and no configuration of the machine; the same ids every time.
git_in() { # git_in DIRECTORY ARGUMENT...
  local directory=$1
  shift
  GIT_CONFIG_NOSYSTEM=1 HOME=/nonexistent GIT_AUTHOR_DATE='1700000000 +0000' GIT_COMMITTER_DATE='1700000000 +0000' \
    git -C "$directory" -c user.name=Somebody -c user.email=somebody@example.com -c safe.directory='*' \
    -c protocol.file.allow=always "$@"
}
new_repository() { # new_repository DIRECTORY
  mkdir -p "$1"
  git_in "$1" init -q -b main
}
commit_all() { # commit_all DIRECTORY MESSAGE: prints the commit's id
  git_in "$1" add -A
  git_in "$1" commit -q -m "$2"
  git_in "$1" rev-parse HEAD
}
# Puts what DIRECTORY has into the served repository NAME.
publish() { # publish DIRECTORY NAME
  # shellcheck disable=SC2154  # lib.sh sets it
  mkdir -p "$work/served"
  [[ -d $work/served/$2 ]] || git_in "$1" init -q --bare -b main "$work/served/$2"
  git_in "$1" push -q --mirror "$work/served/$2"
}
