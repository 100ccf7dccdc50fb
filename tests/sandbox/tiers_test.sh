#!/bin/bash
# RUN gives the same image, digest included, whatever a container allows.
#
# usage: tests/sandbox/tiers_test.sh COOPER
#
# Exit code 77 means skipped, with the reason on standard output.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
# shellcheck source=lib.sh
source "$here/lib.sh" "$1"

[[ -x /bin/busybox ]] || { echo "skipped: no /bin/busybox (package busybox-static)"; exit 77; }

context=$place/context
mkdir -p "$context/layer"
cp /bin/busybox "$context/busybox"
echo first >"$context/layer/kept"
echo second >"$context/layer/removed"
cat >"$context/Dockerfile" <<'END'
FROM scratch AS tools
COPY --chmod=755 busybox /bin/busybox
RUN ["/bin/busybox", "--install", "-s", "/bin"]

FROM tools
COPY layer /data
COPY --chown=1000:100 layer/kept /owned
RUN mkdir -p /etc /tmp /work && chmod 1777 /tmp && \
    echo 'root:x:0:0::/root:/bin/sh' > /etc/passwd && echo 'user:x:1000:100::/work:/bin/sh' >> /etc/passwd && \
    echo 'users:x:100:' > /etc/group && chown user:users /work
RUN rm /data/removed && echo more >> /data/kept && mv /data /moved && ln /moved/kept /moved/hard && \
    ln -s ../moved/kept /work/link && chmod 4755 /moved/hard && mkfifo /moved/pipe && \
    chown 12:34 /owned && touch -d '2001-02-03 04:05:06' /owned
WORKDIR /work
USER user
RUN id > who && touch new && chmod 640 new && stat -c '%u:%g %a' new /moved/hard /owned >> who && umask >> who
RUN echo out > /dev/stdout && echo err > /dev/stderr
RUN --mount=type=secret,id=token,uid=1000 --mount=type=cache,target=/tmp/cache,uid=1000 \
    --mount=type=bind,source=layer,target=/mnt \
    cat /run/secrets/token > told; echo x > /tmp/cache/x && cat /mnt/kept >> told && ls -a / /mnt >> told
USER root
WORKDIR /tmp/box/inner
RUN --mount=type=cache,target=/tmp/box pwd > /pwd && touch here && ls /tmp/box >> /pwd
RUN test -c /dev/null && test -d /proc/self && echo x > /dev/null && ls /proc/self/fd > /dev/null && \
    (setsid sleep 1000 > /dev/null 2>&1 &) && rm -rf /moved/pipe && mkdir -p /empty/deep
END
echo secret >"$place/token"

build_in() { # build_in KIND ISOLATION: prints the image's digest
  local output
  output=$(in_container "$1" build --store /mnt/volume/store --isolation "$2" --progress plain --quiet \
    --secret id=token,src=/mnt/cooper/token --source-date-epoch 1700000000 \
    -o type=oci,dest=/mnt/volume/image.tar /mnt/cooper/context </dev/null 2>&1) || {
    echo "failed: $1, $2: $output" >&2
    return 1
  }
  tar -xOf "$place/volume/image.tar" index.json | jq -r '.manifests[0].digest'
}

reference=$(build_in privileged privileged)
[[ $reference == sha256:* ]] || fail "no digest from the privileged container: $reference"
while read -r kind isolation; do
  digest=$(build_in "$kind" "$isolation")
  [[ $digest == "$reference" ]] || fail "$kind, $isolation: $digest instead of $reference"
  echo "$kind, $isolation: $digest"
done <<'END'
privileged userns
privileged emulated-root
podman-root auto
docker-root auto
docker-root emulated
docker-user auto
restricted auto
podman-user auto
circleci auto
END
