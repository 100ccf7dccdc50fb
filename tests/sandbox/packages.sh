#!/bin/bash
# Builds an image that installs 200 Debian packages, once with namespaces and mounts and once in a container that allows
# nothing (uid 65534, no capability, no_new_privs, Docker's seccomp profile), and compares the two trees path by path.
#
# usage: tests/sandbox/packages.sh COOPER WORK_DIRECTORY
#
# Needs root, and a network for the packages. Prints both times, and exits 1 when something differs that is not the
# moment's or chance's. Takes a minute or two, so it is run by hand.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
cooper=$(realpath "$1")
mkdir -p "$2/context"
work=$(realpath "$2")
chmod 0755 "$work"

"$here/../../scripts/debian-base.sh" "$work/base.tar" minbase ca-certificates
ln -f "$work/base.tar" "$work/context/base.tar"
chmod 0644 "$work/base.tar"
cp "$cooper" "$work/cooper"
cat >"$work/context/Dockerfile" <<'END'
FROM scratch AS base
ADD base.tar /
FROM base
ENV DEBIAN_FRONTEND=noninteractive
RUN apt-get update -q
RUN apt-get install -y -q --no-install-recommends gcc g++ make libc6-dev musl-tools git python3 perl cron openssh-client sudo \
      iputils-ping libcap2-bin adduser default-jre-headless nodejs postgresql-client file >/install.log 2>&1 || { cat /install.log; exit 1; }
RUN dpkg -l | grep -c '^ii' && rm /install.log
RUN adduser --disabled-password --gecos x bob && su bob -c 'id && touch ~/f && git init -q ~/repo' && \
    mkdir /t && cd /t && printf 'int main(){return 0;}' > a.c && gcc a.c -o dynamic && gcc -static a.c -o static && \
    musl-gcc a.c -o musl && ./dynamic && ./static && ./musl && rm dynamic static musl && \
    python3 -c 'import multiprocessing as m; print(m.Pool(4).map(abs, range(4)))' && node -e 'console.log(process.getuid())' && \
    java -version && printf '#!/t/two\n' > one && printf '#!/bin/sh\necho nested $0\n' > two && chmod +x one two && ./one
END

build() { # build NAME COMMAND...: into $work/NAME.tar
  local name=$1 start=$EPOCHREALTIME
  shift
  "$@" >"$work/$name.log" 2>&1 || { tail -n 30 "$work/$name.log"; exit 1; }
  echo "$name: $(awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }') s;" \
    "$(sed -nE 's/^slowest: (.*)/\1/p' "$work/$name.log")"
}

build privileged "$work/cooper" build --store "$work/privileged.store" --isolation privileged --progress plain --no-cache \
  -o "type=tar,dest=$work/privileged.tar" "$work/context"
build restricted "$here/containers.sh" restricted "$work" /mnt/cooper/cooper build --store /mnt/volume/store --progress plain \
  -o type=tar,dest=/mnt/volume/restricted.tar /mnt/cooper/context
python3 "$here/compare_trees.py" "$work/privileged.tar" "$work/volume/restricted.tar"
rm -rf "$work/privileged.store" "$work/volume"
