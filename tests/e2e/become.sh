#!/bin/bash
# Runs a command as one of the identities that cooper must work for. Needs E2E_DIRECTORY.
#
# usage: become.sh IDENTITY COMMAND...
#   self     whoever calls
#   user     an ordinary user with 65,536 subordinate ids, from root
#   single   a bare user id that is in no passwd file and has no subordinate ids, as OpenShift gives, from root
#
# `user` exists only in a mount namespace of its own, which has its own /etc/passwd and /etc/subuid: the machine
# stays as it is, and tests can run side by side.
set -euo pipefail
identity=$1
shift
uid=64200
export HOME=$E2E_DIRECTORY/home TMPDIR=$E2E_DIRECTORY/tmp

own() { chown "$1:$1" "$E2E_DIRECTORY" "$E2E_DIRECTORY"/{home,work,tmp}; }

case $identity in
  self) exec "$@" ;;
  single)
    own "$uid"
    exec setpriv --reuid="$uid" --regid="$uid" --clear-groups -- "$@"
    ;;
  user)
    if ! unshare --mount true 2>/dev/null; then
      echo "skipped: no mount namespace here to make a user in"
      exit 77
    fi
    own "$uid"
    etc=$E2E_DIRECTORY/etc
    mkdir -p "$etc"
    for file in passwd group subuid subgid; do
      { [[ ! -e /etc/$file ]] || cat "/etc/$file"; } >"$etc/$file"
    done
    echo "cooper-test:x:$uid:$uid::$HOME:/bin/bash" >>"$etc/passwd"
    echo "cooper-test:x:$uid:" >>"$etc/group"
    echo "cooper-test:2000000:65536" | tee -a "$etc/subuid" >>"$etc/subgid"
    # shellcheck disable=SC2016  # the inner shell expands
    exec unshare --mount --propagation private -- bash -euc '
      etc=$1; uid=$2; shift 2
      for file in passwd group subuid subgid; do
        [[ -e /etc/$file ]] || { echo "skipped: this machine has no /etc/$file to cover"; exit 77; }
        mount --bind "$etc/$file" "/etc/$file"
      done
      exec setpriv --reuid="$uid" --regid="$uid" --clear-groups -- "$@"' become "$etc" "$uid" "$@"
    ;;
  *)
    echo "become.sh: unknown identity '$identity'" >&2
    exit 2
    ;;
esac
