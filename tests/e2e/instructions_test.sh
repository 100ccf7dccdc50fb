#!/bin/bash
# Every instruction that sets metadata, and what the image's config and history then say.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
need jq

dockerfile context <<'END'
# escape=`
ARG FLAVOUR=plain
FROM scratch AS first
ARG FLAVOUR
ARG EXTRA
ENV ONE=1 `
    TWO="two words"
ENV THREE three with blanks
LABEL flavour=${FLAVOUR} extra=$EXTRA "quoted.key"="a b"
WORKDIR /app
WORKDIR sub
USER 1000:50
EXPOSE 80 443/udp
VOLUME ["/data"]
SHELL ["/bin/ash", "-euc"]
STOPSIGNAL SIGUSR1
HEALTHCHECK --interval=5s --retries=2 CMD test -e /ok
ENTRYPOINT ["/bin/entry", "point"]
CMD echo $ONE
ONBUILD COPY file /from-trigger

FROM first
END
echo content >context/file
SOURCE_DATE_EPOCH=1700000000 build -o type=oci,dest=image.tar --target first --build-arg EXTRA=more --label given=yes context
oci_open image.tar image
config=$(oci_config image)
has() { # has JQ-PATH JSON
  assert_eq "$(jq -cS "$1" "$config")" "$(jq -cS . <<<"$2")" "$1"
}
has '.config.Env' '["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","ONE=1","TWO=two words","THREE=three with blanks"]'
has '.config.Labels' '{"flavour":"plain","extra":"more","quoted.key":"a b","given":"yes"}'
has '.config.WorkingDir' '"/app/sub"'
has '.config.User' '"1000:50"'
has '.config.ExposedPorts' '{"80/tcp":{},"443/udp":{}}'
has '.config.Volumes' '{"/data":{}}'
has '.config.Shell' '["/bin/ash","-euc"]'
has '.config.StopSignal' '"SIGUSR1"'
has '.config.Healthcheck' '{"Test":["CMD-SHELL","test -e /ok"],"Interval":5000000000,"Retries":2}'
has '.config.Entrypoint' '["/bin/entry","point"]'
# shellcheck disable=SC2016  # the dollar is the image's
has '.config.Cmd' '["/bin/ash","-euc","echo $ONE"]'
has '.config.OnBuild' '["COPY file /from-trigger"]'
has '.created' '"2023-11-14T22:13:20Z"'
has '.os' '"linux"'
# shellcheck disable=SC2016  # the dollar is the image's
has '[.history[].created_by]' '[
  "ARG FLAVOUR=plain", "ARG EXTRA=more", "ENV ONE=1 TWO=two words", "ENV THREE=three with blanks",
  "LABEL flavour=plain extra=more quoted.key=a b", "WORKDIR /app", "WORKDIR /app/sub", "USER 1000:50",
  "EXPOSE [443/udp 80/tcp]", "VOLUME [/data]", "SHELL [/bin/ash -euc]", "STOPSIGNAL SIGUSR1",
  "HEALTHCHECK {Test:[CMD-SHELL test -e /ok] Interval:5s Timeout:0s StartPeriod:0s StartInterval:0s Retries:2}",
  "ENTRYPOINT [\"/bin/entry\" \"point\"]", "CMD [\"/bin/ash\" \"-euc\" \"echo $ONE\"]"]'
has '[.history[] | select(.empty_layer | not)] | length' "$(jq '.rootfs.diff_ids | length' "$config")"

# The trigger runs in the stage that is built from this one.
build_tree tree context
assert_file tree/from-trigger content

# And in another build that starts from the image. It is not handed on to grandchildren.
with_base
build -t "$REGISTRY/trigger" --push --target first --build-arg EXTRA=more context
printf 'FROM %s\nUSER root\n' "$REGISTRY/trigger" >context/Dockerfile
build -o type=oci,dest=child.tar -o type=local,dest=child-tree context
assert_file child-tree/from-trigger content
oci_open child.tar child
assert_eq "$(jq -c '.config.OnBuild // []' "$(oci_config child)")" '[]' 'triggers of the child'
