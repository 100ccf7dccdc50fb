#!/bin/bash
# Builds images that install packages, once with namespaces and mounts and once in a container that allows nothing
# (uid 65534, no capability, no_new_privs, Docker's seccomp profile), and compares the two trees path by path.
#
# usage: tests/sandbox/packages.sh COOPER WORK_DIRECTORY [debian|npm|pip]...     all by default
#
# debian  200 packages with their scripts, users and set-id programs
# npm     some hundred packages from this machine's npm registry; says so where it has none
# pip     wheels that are made and installed without a network
#
# Needs root, and a network for the packages. Prints both times, and exits 1 when something differs that is not the
# moment's or chance's. Takes some minutes, so it is run by hand.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
cooper=$(realpath "$1")
mkdir -p "$2"
work=$(realpath "$2")
shift 2
[[ $# -gt 0 ]] || set -- debian npm pip
chmod 0755 "$work"
cp "$cooper" "$work/cooper"
secrets=()

context() { # context NAME PACKAGE...: a context with a base of those; its Dockerfile comes from standard input
  mkdir -p "$work/$1"
  "$here/../../scripts/debian-base.sh" "$work/$1.base.tar" minbase ca-certificates "${@:2}"
  chmod 0644 "$work/$1.base.tar"
  ln -f "$work/$1.base.tar" "$work/$1/base.tar"
  cat >"$work/$1/Dockerfile"
}

context_debian() {
  context debian <<'END'
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
}

# How this machine gets at its registry is a secret of the build's: it is in no image. Lock files without addresses.
find_registry() {
  local registry certificates=${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}
  registry=$(npm config get registry) || return 1
  curl --silent --fail --max-time 20 --output /dev/null "${registry%/}/is-number" || return 1
  install -m 0644 "$certificates" "$work/certificates"
  printf '%s\n' "registry=$registry" cafile=/run/secrets/certificates audit=false fund=false update-notifier=false \
    omit-lockfile-registry-resolved=true >"$work/npmrc"
  chmod 0644 "$work/npmrc"
}

context_npm() {
  secrets=(npmrc certificates)
  context npm nodejs npm <<'END'
FROM scratch AS base
ADD base.tar /
FROM base
WORKDIR /app
# No logs: their names hold times.
ENV npm_config_logs_max=0
RUN printf '{ "name": "app", "private": true, "scripts": { "test": "jest" } }' > package.json && \
    printf 'test("adds", () => { expect(1 + 1).toBe(2); });\n' > sum.test.js && \
    echo 'module.exports = require("lodash").VERSION' > index.js
RUN --mount=type=secret,id=npmrc,target=/root/.npmrc --mount=type=secret,id=certificates --mount=type=tmpfs,target=/cache \
    npm install --cache /cache --package-lock-only express@4 jest@29 webpack@5 webpack-cli@5 eslint@8 typescript@5 lodash@4 \
      esbuild@0.19 && npm ci --cache /cache && ls node_modules | wc -l
RUN npm test && npx webpack --mode production --entry ./index.js && npx tsc --version && npx esbuild index.js >/dev/null && \
    node -e 'const server = require("express")().listen(0, () => server.close())'
RUN useradd -m dev && chown -R dev /app
USER dev
RUN --mount=type=secret,id=npmrc,target=/home/dev/.npmrc,uid=1000 --mount=type=secret,id=certificates,mode=0444 \
    HOME=/home/dev npm ci --cache /tmp/cache && npm test && rm -r /tmp/cache /home/dev/.npm
END
}

context_pip() {
  context pip python3 python3-venv python3-pip python3-setuptools python3-wheel gcc libc6-dev python3-dev <<'END'
FROM scratch AS base
ADD base.tar /
FROM base
WORKDIR /src
RUN mkdir one && echo 'def f(): return 42' > one/__init__.py && \
    printf '#include <Python.h>\nstatic struct PyModuleDef m = {PyModuleDef_HEAD_INIT, "fast"};\n' > fast.c && \
    printf 'PyMODINIT_FUNC PyInit_fast(void) { return PyModule_Create(&m); }\n' >> fast.c && \
    printf 'from setuptools import setup, Extension\nsetup(name="one", version="1", packages=["one"],\n' > setup.py && \
    printf ' ext_modules=[Extension("fast", ["fast.c"])], entry_points={"console_scripts": ["one=one:f"]})\n' >> setup.py
RUN pip wheel --no-build-isolation --no-deps --no-index --wheel-dir /wheels .
RUN python3 -m venv /venv && /venv/bin/pip install --no-index --find-links /usr/share/python-wheels --find-links /wheels setuptools one && \
    (/venv/bin/one; test $? -eq 42) && /venv/bin/python -c 'import fast, setuptools' && /venv/bin/pip list && /venv/bin/pip check
RUN useradd -m dev
USER dev
RUN export HOME=/home/dev && cd && pip install --user --break-system-packages --no-index --find-links /wheels one && \
    python3 -c 'import one; print(one.__file__)'
END
}

build() { # build NAME COMMAND...: into $work/NAME.tar
  local name=$1 start=$EPOCHREALTIME
  shift
  "$@" >"$work/$name.log" 2>&1 || { tail -n 30 "$work/$name.log"; exit 1; }
  echo "$name: $(awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }') s;" \
    "$(sed -nE 's/^slowest: (.*)/\1/p' "$work/$name.log")"
}

failed=0
for kind; do
  secrets=()
  case $kind in
    debian) context_debian ;;
    npm)
      find_registry || {
        echo "npm: skipped, this machine has no registry that answers"
        continue
      }
      context_npm
      ;;
    pip) context_pip ;;
    *)
      echo "packages.sh: no packages called '$kind'" >&2
      exit 2
      ;;
  esac
  outside=()
  inside=()
  for name in "${secrets[@]}"; do
    outside+=(--secret "id=$name,src=$work/$name")
    inside+=(--secret "id=$name,src=/mnt/cooper/$name")
  done
  build "$kind.privileged" "$work/cooper" build --store "$work/privileged.store" --isolation privileged --progress plain --no-cache \
    "${outside[@]}" -o "type=tar,dest=$work/$kind.privileged.tar" "$work/$kind"
  build "$kind.restricted" "$here/containers.sh" restricted "$work" /mnt/cooper/cooper build --store /mnt/volume/store --progress plain \
    "${inside[@]}" -o type=tar,dest=/mnt/volume/restricted.tar "/mnt/cooper/$kind"
  python3 "$here/compare_trees.py" "$work/$kind.privileged.tar" "$work/volume/restricted.tar" || failed=1
  rm -rf "$work/privileged.store" "$work/volume"
done
exit "$failed"
