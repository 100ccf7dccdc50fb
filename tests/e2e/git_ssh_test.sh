#!/bin/bash
# git over ssh, with a real server: only known hosts, only the agent that was given.
#
# An ordinary user can be both sides of it; Debian's package of the server opens port 22, so it is not installed for
# this test, which runs where there is one.
# runs only: user
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=git_server.sh
source "$e2e/git_server.sh"
PATH=$PATH:/usr/sbin
need git sshd ssh ssh-agent ssh-add ssh-keygen
sshd_pid="" agent_pid=""
stop() {
  local pid
  for pid in $sshd_pid $agent_pid; do kill "$pid" 2>/dev/null || true; done
  wait
}
trap stop EXIT

new_repository app
printf 'FROM scratch\nCOPY file /\n' >app/Dockerfile
echo content >app/file
commit_all app first >/dev/null
publish app app.git

for key in host ed25519 rsa; do
  ssh-keygen -q -t "$([[ $key == rsa ]] && echo rsa || echo ed25519)" -N '' -C "$key" -f "$key"
done
cp ed25519.pub authorized
cat >sshd_config <<END
ListenAddress 127.0.0.1
HostKey $work/host
AuthorizedKeysFile $work/authorized
PasswordAuthentication no
StrictModes no
UsePAM no
PidFile none
END
# The port is the kernel's choice; should another program take it before sshd does, sshd ends and says so.
busybox httpd -f -p 127.0.0.1:0 -h "$work/served" &
probe=$!
until port=$(listening_port "$probe") && [[ -n $port ]]; do read -r -t 0.05 <> <(:) || true; done
kill "$probe"
wait "$probe" 2>/dev/null || true
"$(command -v sshd)" -D -e -f sshd_config -p "$port" 2>sshd.log &
sshd_pid=$!
until [[ -n $(listening_port "$sshd_pid") ]]; do
  kill -0 "$sshd_pid" || fail "sshd ended: $(cat sshd.log)"
  read -r -t 0.05 <> <(:) || true
done
eval "$(ssh-agent -a "$work/agent")" >/dev/null
agent_pid=$SSH_AGENT_PID
url=ssh://$(id -un)@127.0.0.1:$port$work/served/app.git

# Nothing of ssh's own is used: not its agent, not its keys.
unset SSH_AUTH_SOCK
build_fails 6 "$url"
assert_contains "$message" 'no ssh agent'
assert_contains "$message" 'hint: load a key that may read it into an agent, and give --ssh default'
build_fails 6 --ssh "default=$work/agent" "$url"
assert_contains "$message" "the host key of '127.0.0.1' is not known"
assert_contains "$message" "ssh-keyscan -p $port 127.0.0.1 >> ~/.ssh/known_hosts"
mkdir -p "$HOME/.ssh"
echo "[127.0.0.1]:$port $(cut -d' ' -f1,2 host.pub)" >"$HOME/.ssh/known_hosts"
build_fails 6 --ssh "default=$work/agent" "$url"
assert_contains "$message" 'the server refuses the keys of the agent'

SSH_AUTH_SOCK=$work/agent ssh-add -q ed25519
build_tree tree --ssh "default=$work/agent" "$url"
assert_file tree/file content
SSH_AUTH_SOCK=$work/agent build_tree tree-default --ssh default "$url#main"
assert_file tree-default/file content
SSH_AUTH_SOCK=$work/agent ssh-add -q -D
SSH_AUTH_SOCK=$work/agent ssh-add -q rsa
cp rsa.pub authorized
build_tree tree-rsa --ssh "default=$work/agent" "$url"
assert_file tree-rsa/file content
build_fails 4 --ssh "default=$work/agent" "ssh://$(id -un)@127.0.0.1:$port$work/served/none.git"
assert_contains "$message" 'none.git'
