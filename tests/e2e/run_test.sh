#!/bin/bash
# RUN: its forms, its environment, its user, its place, its sandbox.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
with_base
need_run

dockerfile context <<END
FROM $base
ARG GIVEN=default
ENV SET="by env"
WORKDIR /work
RUN echo "shell \$GIVEN \$SET \$FROM_BASE" > shell
RUN ["/bin/sh", "-c", "echo exec > exec; echo \"\$0\" >> exec", "zero"]
RUN <<script
echo heredoc > heredoc
pwd >> heredoc
script
RUN <<'file'
#!/bin/sh
echo "file \$GIVEN" > hashbang
file
SHELL ["/bin/sh", "-euc"]
RUN case \$- in *e*u*|*u*e*) echo 'shell kept' > flags;; esac
SHELL ["/bin/sh", "-c"]
RUN id -u > id; id -g >> id; echo "\$HOME" >> id
RUN { echo "pid \$\$"; test -r /proc/self/status && echo proc; test -d /sys/class && echo sys; \
      echo x > /dev/null && head -c 4 /dev/urandom | wc -c; test -c /dev/tty && echo tty; \
      test -s /etc/hosts && echo hosts; test -e /etc/resolv.conf && echo resolv; } > inside
RUN grep -E '^(CapEff|CapBnd|Seccomp|NoNewPrivs):' /proc/self/status | tr -d '\t' > status
RUN --network=none ls /sys/class/net > /dev/null; cat /proc/net/dev | sed 1,2d | cut -d: -f1 | tr -d ' ' > network
RUN umask > umask; touch new; stat -c %a new >> umask
END
export CANARY=leaks
build_tree tree --build-arg GIVEN=given context
assert_file tree/work/shell 'shell given by env yes'
assert_file tree/work/exec $'exec\nzero'
assert_file tree/work/heredoc $'heredoc\n/work'
assert_file tree/work/hashbang 'file given'
assert_file tree/work/flags 'shell kept'
assert_file tree/work/id $'0\n0\n/root'
inside=$(cat tree/work/inside)
for word in proc sys 4 tty hosts resolv; do assert_contains "$inside" "$word" 'inside'; done
status=$(cat tree/work/status)
# Docker's default set, and a filter.
assert_contains "$status" 'Seccomp:2' 'status'
if has_mounts; then
  assert_contains "$status" 'CapEff:00000000a80425fb' 'status'
  assert_contains "$status" 'CapBnd:00000000a80425fb' 'status'
  assert_eq "$(grep -vx lo tree/work/network || true)" '' 'network devices with --network=none'
else
  assert_contains "$status" 'NoNewPrivs:1' 'status'
fi
assert_file tree/work/umask $'0022\n644'

# What the sandbox needed is not part of the image, and the builder's environment is nobody's business.
assert_absent tree/etc/resolv.conf
[[ ! -s tree/etc/hosts ]] || fail '/etc/hosts of the sandbox is in the image'
assert_eq "$(find tree/proc tree/sys tree/dev -mindepth 1 2>/dev/null || true)" '' 'what the sandbox left in /proc, /sys and /dev'

dockerfile context <<END
FROM $base
RUN env > /env
RUN rm -rf /var/lib/demo && mkdir -p /var/lib/demo/deep && echo new > /var/lib/demo/new
RUN mv /etc/group /etc/group2 && ln /etc/passwd /etc/passwd2 && ln -s passwd /etc/passwd3
END
build_tree tree2 -o type=oci,dest=image.tar context
assert_lacks "$(cat tree2/env)" leaks 'environment of RUN'
assert_absent tree2/var/lib/demo/file
assert_absent tree2/var/lib/demo/deep/file
assert_file tree2/var/lib/demo/new new
assert_absent tree2/etc/group
assert_eq "$(readlink tree2/etc/passwd3)" passwd 'link'
oci_open image.tar image
oci_verify image
# As BuildKit lists it: what is gone of the old directory by name, and no mark that hides all of it.
assert_contains "$(oci_layer_list image -2)" 'var/lib/demo/.wh.file' 'layer of the replaced directory'
assert_contains "$(oci_layer_list image -2)" 'var/lib/demo/deep/.wh.file' 'layer of the replaced directory'
assert_lacks "$(oci_layer_list image -2)" '.wh..wh..opq' 'layer of the replaced directory'
assert_contains "$(oci_layer_list image -1)" 'etc/.wh.group' 'layer of the moved file'

# The base's own programs run with the user's ids.
dockerfile context <<END
FROM $base
RUN adduser -D -H -u 77 seven 2>/dev/null || echo 'seven:x:77:77::/:/bin/sh' >> /etc/passwd
RUN mkdir /own && touch /own/a && chown 33:44 /own/a && chmod 2755 /own && chown app:staff /own
USER app:staff
RUN id -u > /tmp/id; id -g >> /tmp/id; touch /tmp/mine
USER seven
RUN id -u >> /tmp/id || id -u > /tmp/id7
END
build -o type=oci,dest=image.tar context
rm -rf image
oci_open image.tar image
for ((layer = 1; layer < $(oci_layer_count image); layer++)); do oci_layer_list image "$layer"; done >listing
grep -qE '^-.* 33/44 .* own/a$' listing || fail "no chown: $(cat listing)"
grep -qE '^drwxr-sr-x 1000/50 .* own/$' listing || fail "no chown by name: $(cat listing)"
grep -qE '^-.* 1000/50 .* tmp/mine$' listing || fail "USER is not the owner: $(cat listing)"
