#!/bin/bash
# Several stages: ARG before FROM, COPY --from, --target, unused stages, and that they really run at the same time.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
with_base
need_run

dockerfile context <<END
ARG PLATFORM
ARG REGISTRY=$REGISTRY
FROM \${REGISTRY}/base-\${PLATFORM} AS builder-base
RUN mkdir /out

FROM builder-base AS left
RUN echo left > /out/left

FROM builder-base AS Right
RUN echo right > /out/right && ln -s right /out/link

FROM builder-base AS unused
RUN false

FROM scratch AS final
COPY --from=left /out/left /
COPY --from=right /out/ /
COPY --from=0 --chown=5:6 /etc/passwd /copied/
COPY --from=$base /etc/group /copied/
END
push_image base-one:latest '{}' "$work/.base.tar"
build_tree tree --build-arg PLATFORM=one context
assert_file tree/left left
assert_file tree/right right
assert_eq "$(readlink tree/link)" right 'link'
[[ -s tree/copied/passwd && -s tree/copied/group ]] || fail 'COPY --from=0 or from an image brought nothing'

build_tree target --build-arg PLATFORM=one --target left context
assert_file target/out/left left
build_fails 2 --build-arg PLATFORM=one --target nowhere context
assert_contains "$message" nowhere

# Both stages wait for the other one at two pipes in a cache mount: this build only ends when they run at the same time.
meet='RUN --mount=type=cache,id=meet,target=/meet timeout 60 sh -c'
dockerfile meet <<END
FROM $base AS left
$meet 'mkfifo /meet/to-right; mkfifo /meet/to-left; echo hello > /meet/to-right && cat /meet/to-left > /heard'
FROM $base AS right
$meet 'mkfifo /meet/to-left; mkfifo /meet/to-right; cat /meet/to-right > /heard && echo hi > /meet/to-left'
FROM scratch
COPY --from=left /heard /left
COPY --from=right /heard /right
END
build_tree together meet
assert_file together/left hi
assert_file together/right hello

# Two stages that say the same are one piece of work: a random number tells.
dockerfile same <<END
FROM $base AS one
RUN cat /proc/sys/kernel/random/uuid > /id
FROM $base AS two
RUN cat /proc/sys/kernel/random/uuid > /id
FROM scratch
COPY --from=one /id /one
COPY --from=two /id /two
END
build_tree once same
assert_eq "$(cat once/one)" "$(cat once/two)" 'result of equal stages'

# The first failure ends the others at once, with everything that they started, and its exit code is ours.
dockerfile failing <<END
FROM $base AS slow
RUN (sleep 3600 & sleep 3600 & wait); touch /slow
FROM $base AS broken
RUN echo 'last words' && exit 42
FROM scratch
COPY --from=slow /slow /
COPY --from=broken /broken /
END
SECONDS=0
build_fails 42 failing
[[ $SECONDS -lt 60 ]] || fail "a failure took $SECONDS seconds to end the build"
assert_contains "$message" 'last words'
assert_contains "$message" 'Dockerfile:4'
assert_contains "$message" 42
"$e2e/leftovers.sh" "$store" || fail 'the other stage still runs'
