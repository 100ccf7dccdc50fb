#!/bin/bash
# What builds inside a container are known to suffer from: leftovers, files of the job that are gone or in the image, stale caches,
# modes and owners that change. Each is tried in one container that lives on: as root with Docker's defaults, as a user without any
# privilege under Kubernetes' "restricted" standard, and with all privileges, as hosted runners have them.
#
# usage: classic_failures_test.sh [BUILD]      $FAILURES: some of them by name, separated by blanks
# shellcheck source=../kubernetes/lib.sh
source "$(dirname "$(realpath "$0")")/../kubernetes/lib.sh"
need tar setcap getcap

start_network
make_images kaniko-debug debug
mkdir -p "$work/objects/secret/registry-login"
login_file registry.example.com >"$work/objects/secret/registry-login/.dockerconfigjson"
secret=$(jq -r '.auths[].auth' "$work/objects/secret/registry-login/.dockerconfigjson")

# --- a job's container, and what happens in it ----------------------------------------------------------------------------

cat >"$work/pod.json" <<'END'
{"apiVersion": "v1", "kind": "Pod", "spec": {
  "volumes": [{"name": "builds", "persistentVolumeClaim": {"claimName": "builds"}},
              {"name": "login", "secret": {"secretName": "registry-login", "items": [{"key": ".dockerconfigjson", "path": "config.json"}]}}],
  "containers": [{"name": "job", "image": "gcr.io/kaniko-project/executor:debug", "command": ["sleep", "9999999"],
    "env": [{"name": "JOB_PASSWORD", "value": "password-of-the-job"}], "workingDir": "/builds",
    "volumeMounts": [{"name": "builds", "mountPath": "/builds"}, {"name": "login", "mountPath": "/kaniko/.docker"}]}]}}
END
start_job() { # start_job NAME [IMAGE]
  new_container "$1" "${2:-kaniko-debug}"
  [[ ! -d $bundle/rootfs/kaniko ]] || cp "$work/authority.pem" "$bundle/rootfs/kaniko/ssl/certs/company.crt"
  start_pod /dev/null "$work/pod.json" job "${as[@]}"
}
in_job() { # in_job SCRIPT: sets $result, leaves $work/log
  enter_pod -- /busybox/sh -euc "$1"
}
does() { # does SCRIPT: it succeeds
  in_job "$1"
  assert_succeeded "$1"
}
builds=$work/objects/claim/builds
# A context in the job's volume, of the Dockerfile on standard input.
context() { # context NAME
  mkdir -p "$builds/$1"
  cat >"$builds/$1/Dockerfile"
  chmod -R a+rwX "$builds/$1"
}
# Everything in the job's container but /kaniko: types, modes, owners, times, contents.
all_files() {
  (cd "$bundle/rootfs" && find . -path ./kaniko -prune -o -printf '%p %y %m %U:%G %s %l %T@\n' | sort &&
    find . -path ./kaniko -prune -o -type f -print0 | sort -z | xargs -0 sha256sum)
}
pushed() { # pushed TAG: unpacks it; sets $image
  files_of "group/app:$1" "$work/pushed"
  image=$work/pushed/rootfs
}

# --- bases ------------------------------------------------------------------------------------------------------------------

mkdir -p "$work/base/bin" "$work/base/tmp" "$work/base/removed"
cp "$(command -v busybox)" "$work/base/bin/busybox"
ln -s busybox "$work/base/bin/sh"
chmod 1777 "$work/base/tmp"
echo there >"$work/base/removed/file"
push_base group/base:1 "$work/base"

# Files where a container's runtime mounts its own, and modes, owners and capabilities that are easily lost.
special=$work/special
mkdir -p "$special"/{etc,var/run/service,run/secrets/kubernetes.io/serviceaccount,data/inner,bin,tmp,dev}
for name in resolv.conf hosts hostname; do echo "the image's own $name" >"$special/etc/$name"; done
ln -s /proc/mounts "$special/etc/mtab"
echo 7 >"$special/var/run/service/pid"
echo public >"$special/run/secrets/kubernetes.io/serviceaccount/token"
echo log >"$special/dev/termination-log"
cp "$work/base/bin/busybox" "$special/bin/busybox"
ln -s busybox "$special/bin/sh"
cp "$work/base/bin/busybox" "$special/bin/capable"
chmod 1777 "$special/tmp"
setcap cap_net_raw+ep "$special/bin/capable"
chown -R 33:44 "$special/data"
chmod 2750 "$special/data"
mkdir "$work/special-context"
tar -C "$special" --xattrs --xattrs-include='security.*' --numeric-owner -cf "$work/special-context/files.tar" .
printf 'FROM scratch\nADD files.tar /\nENV PATH=/bin\n' >"$work/special-context/Dockerfile"
DOCKER_CONFIG=$work/plain "$cooper" build --store "$work/store" -q --push --tag "$REGISTRY/group/special:1" "$work/special-context" >/dev/null

# --- one container, many builds ------------------------------------------------------------------------------------------------

try_many_builds() {
  local number
  start_job "many-$way"
  mkdir -p "$builds/mine"
  echo 'not to be touched' >"$builds/mine/file"
  for number in 1 2 3 4 5; do
    context "many-$number" <<END
FROM registry.example.com/group/base:1 AS first
RUN echo $number >/made && echo $number >/only-in-$number && mkdir -p /builds/mine && echo step >/builds/mine/file
FROM registry.example.com/group/base:1
COPY --from=first /made /made
COPY . /context
RUN echo $number >>/made && rm -rf /removed /bin/sh && echo x >/tmp/x
END
    printf 'ignored\nDockerfile\n.dockerignore\n' >"$builds/many-$number/.dockerignore"
    echo kept >"$builds/many-$number/ignored"
  done
  all_files >"$work/before"
  does '/kaniko/executor -c /builds/many-1 -d registry.example.com/group/app:many-1
        /kaniko/executor -c /builds/many-2 -d registry.example.com/group/app:many-2 --cleanup'
  # Three at once, and each is waited for.
  # shellcheck disable=SC2016  # for the job's shell
  does 'for number in 3 4 5; do
          /kaniko/executor -c /builds/many-$number -d registry.example.com/group/app:many-$number >/builds/log-$number 2>&1 &
          processes="${processes:-} $!"
        done
        for process in $processes; do wait $process; done'
  all_files >"$work/after"
  cmp -s "$work/before" "$work/after" || fail "files of the job have changed:"$'\n'"$(diff "$work/before" "$work/after" | head -n 20)"
  # shellcheck disable=SC2016
  does 'test "$(ls /busybox | wc -l)" -gt 100 && test -x /bin/sh'
  assert_eq "$(cat "$builds/mine/file")" 'not to be touched' 'a file of the job'
  for number in 1 2 3 4 5; do
    assert_eq "$(cat "$builds/many-$number/ignored")" kept 'a file that is ignored'
    pushed "many-$number"
    assert_eq "$(tr '\n' ' ' <"$image/made")" "$number $number " "what build $number made"
    assert_eq "$(cd "$image" && find . -type f -not -name busybox | sort | tr '\n' ' ')" './made ./tmp/x ' "files of image $number"
  done
}

# --- what the runtime mounts in the job's container is none of the image's business ----------------------------------------------

try_runtime_mounts() {
  start_job "mounts-$way"
  context mounts <<'END'
FROM registry.example.com/group/special:1
RUN echo made >/made
RUN busybox rm -rf /var/run && busybox ln -s ../run /var/run
END
  does '/kaniko/executor -c /builds/mounts -d registry.example.com/group/app:mounts'
  pushed mounts
  for name in resolv.conf hosts hostname; do
    assert_eq "$(cat "$image/etc/$name")" "the image's own $name" "/etc/$name of the image"
  done
  assert_eq "$(readlink "$image/etc/mtab")" /proc/mounts '/etc/mtab'
  assert_eq "$(readlink "$image/var/run")" ../run '/var/run'
  assert_eq "$(cat "$image/run/secrets/kubernetes.io/serviceaccount/token")" public "the image's own file"
  assert_eq "$(cat "$image/dev/termination-log")" log "the image's own /dev"
  assert_eq "$(cat "$image/made")" made 'what the step made'
}

# --- modes, owners, capabilities ----------------------------------------------------------------------------------------------------

try_modes() {
  start_job "modes-$way"
  mkdir -p "$builds/modes/tree/inner"
  echo 1 >"$builds/modes/tree/inner/file"
  context modes <<'END'
FROM registry.example.com/group/special:1 AS base
FROM base
COPY tree/inner/file /data/
COPY tree/inner/file /tmp/
COPY --chown=5:6 tree /owned
COPY --from=base /bin/capable /usr/bin/capable
COPY --from=base /data /again
RUN echo x >/data/inner/x && mkdir /by-step && echo x >/by-step/file
WORKDIR /data
WORKDIR /new/place
END
  chmod 755 "$builds/modes/tree" "$builds/modes/tree/inner"
  chmod 644 "$builds/modes/tree/inner/file"
  for umask in 000 022 077; do
    does "umask $umask && /kaniko/executor -c /builds/modes -d registry.example.com/group/app:modes-$umask --reproducible"
    pushed "modes-$umask"
    assert_eq "$(cd "$image" && stat -c '%n %a %u:%g' data data/inner tmp owned owned/inner owned/inner/file again/inner new/place by-step by-step/file |
      tr '\n' ';')" "data 2750 33:44;data/inner 755 33:44;tmp 1777 0:0;owned 755 5:6;owned/inner 755 5:6;owned/inner/file 644 5:6;\
again/inner 755 33:44;new/place 755 0:0;by-step 755 0:0;by-step/file 644 0:0;" "modes and owners, umask $umask"
    assert_contains "$(getcap "$image/bin/capable" "$image/usr/bin/capable" | tr '\n' ' ')" 'usr/bin/capable cap_net_raw' 'capabilities'
  done
  assert_eq "$(digest_of group/app:modes-000) $(digest_of group/app:modes-022)" \
    "$(digest_of group/app:modes-077) $(digest_of group/app:modes-077)" 'digests under three umasks'
}

# --- a step does not see the logins of the job ---------------------------------------------------------------------------------------

try_credentials() {
  start_job "credentials-$way"
  context credentials <<'END'
FROM registry.example.com/group/base:1
RUN busybox test ! -e /busybox && busybox test ! -e /kaniko && busybox test ! -e /builds
RUN busybox mkdir -p /proc; for file in /kaniko/.docker/config.json /proc/[0-9]*/root/kaniko/.docker/config.json /proc/[0-9]*/environ \
      /proc/[0-9]*/cmdline /proc/self/cwd/../../../../kaniko/.docker/config.json; do busybox cat $file; done >/seen 2>/errors; \
    busybox env >>/seen; busybox find / -name config.json >>/seen 2>>/errors; true
END
  does 'test -r /kaniko/.docker/config.json && /kaniko/executor -c /builds/credentials -d registry.example.com/group/app:credentials'
  pushed credentials
  for text in "$secret" ci-password password-of-the-job; do
    if grep -qa -e "$text" "$image/seen"; then fail "a step has seen '$text'"; fi
  done
  assert_contains "$(tr -d '\0' <"$image/seen")" PATH= 'what the step has seen'
  assert_contains "$(cat "$image/errors")" config.json 'what the step was refused'
}

# --- links, daemons, files that grow, layers that are equal ---------------------------------------------------------------------------

try_steps() {
  start_job "steps-$way"
  echo one >"$builds/equal" && mkdir -p "$builds/steps" && mv "$builds/equal" "$builds/steps/equal"
  context steps <<'END'
FROM registry.example.com/group/base:1
COPY equal /same/file
COPY equal /same/file
RUN cd /same && ln file hard && ln -s file soft && ln -s /same/missing dangling && ln -s ../bin busy && echo more >>hard
RUN mv /same/busy /same/moved
# A daemon that is left behind, and a file that grows until the step is over.
RUN (while :; do echo line; done >/grows &) ; busybox setsid busybox sleep 1000 >/dev/null 2>&1 & \
    until busybox test -s /grows; do :; done
END
  does '/kaniko/executor -c /builds/steps -d registry.example.com/group/app:steps'
  in_job 'ps -o comm= | grep -c -x -e sleep' # the job's own
  assert_eq "$(cat "$work/log")" 1 'processes that are left'
  pushed steps
  assert_eq "$(tr '\n' ' ' <"$image/same/soft")" 'one more ' 'what a hard link was given'
  assert_eq "$(stat -c %i "$image/same/file")" "$(stat -c %i "$image/same/hard")" 'two names of one file'
  assert_eq "$(readlink "$image/same/dangling") $(readlink "$image/same/moved")" '/same/missing ../bin' 'links'
  assert_eq "$(tail -c 5 "$image/grows" | head -c 4)" line 'the file that grew'
}

# --- a build that is killed, and the next one in the same container --------------------------------------------------------------------

try_kill() {
  start_job "killed-$way"
  context killed <<'END'
FROM registry.example.com/group/base:1
RUN echo made >/made && echo the step is here && busybox sleep 7777
END
  # shellcheck disable=SC2016
  does '/kaniko/executor -c /builds/killed --no-push >/builds/killed.log 2>&1 &
        executor=$!
        until grep -q "the step is here" /builds/killed.log; do kill -0 $executor; done
        kill -KILL $executor
        ! wait $executor
        attempts=0
        while ps -o args= | grep -q "[s]leep 7777"; do attempts=$((attempts + 1)); test $attempts -lt 500; usleep 20000; done'
  sed -i 's/ && echo the step.*//' "$builds/killed/Dockerfile"
  does '/kaniko/executor -c /builds/killed -d registry.example.com/group/app:killed'
  pushed killed
  assert_eq "$(cat "$image/made")" made 'what the build after made'
}

# --- caches ------------------------------------------------------------------------------------------------------------------------------

# Builds twice, with a change between: in the same container, whose store is warm, and in another, which has the registry's cache alone.
cached_build() { # cached_build TAG [FLAG]...
  does "/kaniko/executor --cache=true --cache-copy-layers -c /builds/cache -d registry.example.com/group/app:$*"
  pushed "$1"
}
try_caches() {
  local where
  for where in same other; do
    rm -rf "$builds/cache"
    mkdir -p "$builds/cache/tree/inner"
    echo "$way $where" >"$builds/cache/tree/inner/old-name"
    context cache <<'END'
FROM registry.example.com/group/base:1
ARG PLACE=one
COPY tree /tree
COPY Dockerfile /at/$PLACE
WORKDIR /work/$PLACE
RUN rm /removed/file && busybox mkdir /replaced && echo 1 >/replaced/file
RUN busybox rm -r /replaced && echo file >/replaced
END
    start_job "cache-1-$where-$way"
    cached_build "cache-$where"
    assert_eq "$(cd "$image" && find tree at work removed replaced | sort | tr '\n' ' ')" \
      'at at/one removed replaced tree tree/inner tree/inner/old-name work work/one ' 'the first build'
    [[ $where == same ]] || start_job "cache-2-$where-$way"

    # Nothing changed: all comes from the cache, and what was deleted stays so.
    cached_build "cache-$where-again"
    assert_contains "$(cat "$work/log")" CACHED 'the log of the second build'
    assert_eq "$(digest_of "group/app:cache-$where-again")" "$(digest_of "group/app:cache-$where")" 'digest out of the cache'
    assert_eq "$(cd "$image" && find removed replaced | sort | tr '\n' ' ')" 'removed replaced ' 'what was deleted'

    # A file has another name and the same content; a variable another value.
    mv "$builds/cache/tree/inner/old-name" "$builds/cache/tree/inner/new-name"
    cached_build "cache-$where-renamed"
    assert_eq "$(cd "$image" && find tree -type f)" tree/inner/new-name 'a file that was renamed'
    cached_build "cache-$where-variable" --build-arg=PLACE=two
    assert_eq "$(cd "$image" && find at work | sort | tr '\n' ' ')" 'at at/two work work/two ' 'a variable that changed'
  done
}

# --- ignore rules, an authority, a program that was copied --------------------------------------------------------------------------------

try_others() {
  start_job "others-$way"
  context others <<'END'
FROM registry.example.com/group/base:1 AS first
RUN echo built >/secret.txt
FROM scratch
COPY --from=first /secret.txt /
COPY . /
END
  echo '*.txt' >"$builds/others/.dockerignore"
  echo context >"$builds/others/secret.txt"
  does '/kaniko/executor -c /builds/others -d registry.example.com/group/app:others --reproducible'
  pushed others
  assert_eq "$(cat "$image/secret.txt")" built 'a file that is ignored in the context alone'

  printf 'FROM scratch\nCOPY missing /\n' | context missing
  in_job '/kaniko/executor -c /builds/missing --no-push'
  [[ $result -ne 0 ]] || fail 'a file that is missing was only warned of'

  in_job 'SSL_CERT_DIR=/nonexistent /kaniko/executor -c /builds/others -d registry.example.com/group/app:others'
  [[ $result -ne 0 ]] || fail 'an authority was trusted that nobody gave'
  assert_contains "$(cat "$work/log")" certificate 'what is said of an unknown authority'

  # In another image, as the file that was copied there.
  start_job "copied-$way" debug
  does 'cp /usr/local/bin/cooper /tmp/executor'
  does "SSL_CERT_DIR=/builds/authority /tmp/executor -c /builds/others -d registry.example.com/group/app:copied --force --reproducible"
  assert_eq "$(digest_of group/app:copied)" "$(digest_of group/app:others)" 'the image of a program that was copied'
}

for way in root restricted privileged; do
  as=()
  [[ $way != restricted ]] || as=(--user 65534)
  [[ $way != privileged ]] || as=(--privileged)
  rm -rf "$builds"
  mkdir -p "$builds/authority"
  cp "$work/authority.pem" "$builds/authority/company.crt"
  chmod 1777 "$builds"
  for failure in ${FAILURES:-many_builds runtime_mounts modes credentials steps kill caches others}; do
    "try_$failure"
    end_containers
    echo "${failure/_/ }, $way: in order"
  done
done
