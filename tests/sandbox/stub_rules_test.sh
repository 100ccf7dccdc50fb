#!/bin/bash
# What a step may and may not do, how its first program ends, and what it is told about itself.
#
# usage: stub_rules_test.sh STUB_RUN
# shellcheck disable=SC2016  # the scripts are the step's
# shellcheck source=tests/sandbox/stub_root.sh
source "$(dirname "$0")/stub_root.sh"

make_root "$root"
mkdir -p "$work/ro/below" "$work/rw"
echo kept >"$work/ro/file"
give_away "$root" "$work/ro" "$work/rw"

expect "the exit code" "exit 7" "$(in_root -- 'exit 7')"
expect "a signal" "exit 137" "$(in_root -- 'kill -9 $$')"
run() { unprivileged "$work/stub_run" "$root" "$@" 2>&1 || echo "exit $?"; }
expect "no program" "cannot run '/no/such': no such file or directory
exit 127" "$(run /no/such)"
expect "a directory" "cannot run '/etc': permission denied
exit 126" "$(run /etc)"
printf '\177ELF\001\001\001' >"$root/bin/old" && chmod 755 "$root/bin/old"
expect "another machine's program" "cannot run '/bin/old': not a program that this machine can execute
exit 126" "$(run /bin/old)"

expect "root" "0 0 /" "$(in_root -- 'echo $(id -u) $(id -g) $(pwd)')"
expect "another user" "33 44" "$(in_root --uid 33 --gid 44 -- 'echo $(id -u) $(id -g)')"
expect "its program" "/bin/busybox /bin/busybox /" \
  "$(in_root -- 'sleep 9 & echo $(readlink /proc/self/exe) $(readlink /proc/$!/exe) $(readlink /proc/self/root); kill $!')"
expect "the kernel's root is not shown" "bin dev etc proc sys tmp" "$(in_root -- 'echo $(ls /proc/self/root/)')"
expect "a directory of /proc, by its parent" yes "$(in_root -- 'cd /etc/../proc/self && test -e status && cd ../../bin && test -e sh && echo yes')"
expect "places of binds" "dr-xr-xr-x cat: d" "$(in_root -- 'echo $(ls -ld /proc | cut -c1-10) cat: $(ls -l / | grep proc | cut -c1)')"

ro=(--bind-read-only "$work/ro:/ro" --bind "$work/rw:/rw")
expect "read-only binds" "/bin/sh: can't create /ro/file: Read-only file system
/bin/sh: can't create file: Read-only file system
touch: /ro/new: Read-only file system
rm: can't remove '/ro/file': Read-only file system
mkdir: can't create directory 'below/new': Read-only file system
kept" "$(in_root "${ro[@]}" -- 'echo x >/ro/file; cd /ro; (echo x >file); touch /ro/new; rm /ro/file; mkdir below/new; cat file')"
expect "the read-only bind's source" kept "$(cat "$work/ro/file")"
expect "binds that are written" "written /rw" "$(in_root "${ro[@]}" -- 'cd /rw && echo written >new && chown 5 new && cat /rw/new | tr "\n" " "; pwd')"
expect "owners of files with two names in binds" "7 2 7 1" \
  "$(in_root "${ro[@]}" -- 'cd /rw && echo x >one && chown 7 one && ln one two && echo $(stat -c "%u %h" two; rm one; stat -c "%u %h" two)')"
expect "links do not cross binds" "ln: /rw/link: Invalid cross-device link
exit 1" \
  "$(in_root "${ro[@]}" -- 'echo x >/tmp/x; ln /tmp/x /rw/link' | sed "s/'//g")"
expect "a bind's place stays" "rm: can't remove '/rw': Resource busy
exit 1" "$(in_root "${ro[@]}" -- 'rm -r /rw' | sed 's/Device or resource busy/Resource busy/')"

expect "what cannot be done is counted" "unshare: unshare(0x40000000): Operation not permitted
refused: call 272, 1 times" "$(in_root --statistics -- 'unshare -n true' | grep -v '^table\|^exit')"
expect "a lock whose holder is dead" "7" "$(in_root --stale-lock -- 'touch /tmp/l; chown 7 /tmp/l; stat -c %u /tmp/l')"
expect "no network" "nc: socket(AF_INET,1,0): Permission denied" \
  "$(in_root --no-network -- 'nc 127.0.0.1 9' | grep -v '^exit' | sed 's/socket.*:/socket(AF_INET,1,0):/')"

# Processes of the same user outside of the step are none of its business.
other=$(unprivileged sh -c 'sleep 60 >/dev/null 2>&1 & echo $!')
expect "everybody" "alive" "$(in_root -- 'sleep 50 & p=$!; kill -9 -1; wait $p; test -e /proc/$p || echo alive' | grep -v Killed)"
kill -0 "$other" 2>/dev/null || expect "the process outside" alive dead
kill "$other"

expect "descriptors" "closed 3" "$(in_root -- 'exec 3>/tmp/three; (exec 960>&- 961>&- ) 2>/dev/null; echo x >&3; cat /tmp/three >/dev/null && echo closed 3')"
expect "another root" "/ b" "$(in_root -- 'mkdir -p /jail/b; cp /bin/busybox /jail/b/; chroot /jail /b/busybox sh -c "cd ..; echo \$(/b/busybox pwd) \$(/b/busybox ls /)"')"
exit "$failed"
