# shellcheck shell=bash
# What RUN costs where nothing can be mounted (`emulated`), beside the same steps with namespaces and mounts: in one run,
# one step after the other, by the same cooper. Sourced by scripts/bench.sh, which has `row`, `median`, $work and $base.
# shellcheck disable=SC2154  # those

# Prints "MEASURED NAME MILLISECONDS", the best of five, for what tools and compilers do all day.
workload_isolation() { # workload_isolation DIRECTORY BASE.tar
  mkdir -p "$1"
  cp "$2" "$1/base.tar"
  cat >"$1/measure" <<'END'
#!/bin/bash
measure() { # measure NAME COMMAND: in this shell, without its output
  local best='' start took
  for ((i = 0; i < 5; i++)); do
    start=${EPOCHREALTIME/./}
    eval "$2" >/dev/null 2>&1 || echo "failed: $2"
    took=$((${EPOCHREALTIME/./} - start))
    [[ -n $best && $best -le $took ]] || best=$took
  done
  echo "MEASURED $1 $((best / 1000)).$((best % 1000 / 100))"
}
cd /srv/tree
measure 'find, 20,000 files' 'find .'
measure 'tar, 20,000 files' 'tar c . | cat'
measure 'git status, 20,000 files' 'git status'
cd /srv
measure 'gcc, six files' 'for i in 1 2 3 4 5 6; do gcc -O2 -c c/$i.c -o /dev/null; done'
measure 'make -j2, 24 files' 'make -s -C c clean; make -s -j2 -C c all'
measure '100 x /bin/true' 'for ((n = 0; n < 100; n++)); do /bin/true; done'
END
  cat >"$1/Dockerfile" <<'END'
FROM scratch AS base
ADD base.tar /
FROM base
SHELL ["/bin/bash", "-euc"]
ENV DEBIAN_FRONTEND=noninteractive HOME=/root
RUN mkdir -p /srv/tree /srv/c && cd /srv/tree && for ((d = 0; d < 200; d++)); do mkdir $d; for ((f = 0; f < 100; f++)); do \
      echo $d $f > $d/$f; done; done && git init -q . && git add . && git -c user.name=a -c user.email=a@b commit -qm a && \
    cd ../c && for ((i = 1; i <= 24; i++)); do { echo '#include <stdio.h>'; for ((f = 0; f < 200; f++)); do \
      echo "int f${i}_$f(int x) { for (int i = 0; i < x; i++) printf(\"%d\", i * x); return x; }"; done; } > $i.c; done && \
    printf 'all: $(patsubst %%.c,%%.o,$(wildcard *.c))\nclean:\n\trm -f *.o\n' > Makefile
COPY --chmod=755 measure /measure
RUN /measure
RUN apt-get update -q && apt-get install -y -q --no-install-recommends -d default-jre-headless nodejs postgresql-client vim emacs-nox build-essential imagemagick subversion cron openssh-client sudo
RUN start=${EPOCHREALTIME/./} && apt-get install -y -q --no-install-recommends default-jre-headless nodejs postgresql-client vim emacs-nox build-essential imagemagick subversion cron openssh-client sudo \
      > /log 2>&1 && took=$(((${EPOCHREALTIME/./} - start) / 1000)) && \
    echo "MEASURED apt-get install, $(grep -c '^Setting up' /log) packages $took"
END
}

measured_in() { # measured_in ISOLATION: "NAME MILLISECONDS" a line, from the build's log
  fresh
  "$cooper" build --store "$(cat "$work/current")" --isolation "$1" --progress plain "$work/isolation" >"$work/isolation.$1" 2>&1 ||
    { tail -n 5 "$work/isolation.$1" >&2; return 1; }
  sed -nE 's/^#[0-9]+ [0-9.]+ MEASURED //p' "$work/isolation.$1"
}

bench_isolation() {
  local name native line emulated
  echo "RUN without mounts"
  scripts/debian-base.sh "$results/isolation-base.tar" minbase ca-certificates gcc libc6-dev make git >/dev/null
  workload_isolation "$work/isolation" "$results/isolation-base.tar"
  measured_in auto >"$work/native"
  measured_in emulated >"$work/emulated"
  while read -r line; do
    name=${line% *}
    native=${line##* }
    emulated=$(awk -v name="$name" 'index($0, name " ") == 1 { print $NF }' "$work/emulated")
    rows+=("$(awk -v what="$name" -v a="$emulated" -v b="$native" 'BEGIN { printf "%-40s %10.1f %10.1f %7.2f x   ms", what, a, b, a / b }')")
  done <"$work/native"
  local one many tier
  workload_steps "$work/steps1" "$base" 1
  workload_steps "$work/steps201" "$base" 201
  for tier in auto emulated; do
    fresh
    one=$(median "isolation-$tier-1" "$work/bin/cooper" --isolation "$tier" --no-cache "$work/steps1")
    many=$(median "isolation-$tier-201" "$work/bin/cooper" --isolation "$tier" --no-cache "$work/steps201")
    printf -v "step_$tier" %s "$(calculate "($many - $one) * 1000 / 200")"
  done
  # shellcheck disable=SC2154  # set by printf
  rows+=("$(awk -v a="$step_emulated" -v b="$step_auto" 'BEGIN { printf "%-40s %10.1f %10.1f %7.2f x   ms", "one more RUN true", a, b, a / b }')")
  printf '\n%-40s %10s %10s %9s\n' '' emulated native ratio
  printf '%s\n' "${rows[@]}"
  rows=()
}
