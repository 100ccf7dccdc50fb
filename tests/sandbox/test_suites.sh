#!/bin/bash
# Runs Python's own tests of operating system calls in a Debian image, as root and as a user: once with namespaces and
# mounts and once in a container that allows nothing (uid 65534, no capability, no_new_privs, Docker's seccomp profile),
# and compares what each test came to.
#
# usage: tests/sandbox/test_suites.sh BUILD WORK_DIRECTORY [MODULE...]
#
# Needs root, and a network for the packages. Prints both times and every test that ended otherwise; exits 1 when there is
# one for which compare_results.py knows no reason. Takes a quarter of an hour, so it is run by hand.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
cooper=$(realpath "$1")/cooper
mkdir -p "$2/context"
work=$(realpath "$2")
shift 2
chmod 0755 "$work"
if [[ $# -eq 0 ]]; then
  set -- test_os test_posix test_posixpath test_shutil test_subprocess test_signal test_socket test_tarfile test_zipfile \
    test_pathlib test_glob test_tempfile test_mmap test_fcntl test_pty test_stat test_genericpath test_fileio test_file \
    test_selectors test_select test_poll test_epoll test_threadsignals test_fork1 test_wait3 test_wait4 \
    test_popen test_pwd test_grp test_openpty test_ioctl test_resource test_dbm_dumb test_mailbox test_import \
    test_zipimport test_venv test_filecmp test_fileinput test_socketserver test_sqlite3 test_multiprocessing_fork \
    test_asyncio.test_unix_events test_asyncio.test_subprocess test_io test_faulthandler test_cmd_line test_cmd_line_script test_compileall test_site
fi

"$here/../../scripts/debian-base.sh" "$work/base.tar" minbase ca-certificates python3 python3-venv libpython3.11-testsuite passwd
chmod 0644 "$work/base.tar"
ln -f "$work/base.tar" "$work/context/base.tar"
cp "$here/test_suites/Dockerfile" "$here/test_suites/run" "$work/context/"
cp "$cooper" "$work/cooper"

build() { # build NAME COMMAND...: the results into $work/NAME.results
  local name=$1 start=$EPOCHREALTIME
  shift
  "$@" --progress plain --build-arg "MODULES=$modules" >"$work/$name.log" 2>&1 || { tail -n 30 "$work/$name.log"; exit 1; }
  echo "$name: $(awk -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }') s"
}

modules=$*
rm -rf "$work/privileged.results" "$work/privileged.store"
build privileged "$work/cooper" build --store "$work/privileged.store" --isolation privileged \
  -o "type=local,dest=$work/privileged.results" "$work/context"
build restricted "$here/containers.sh" restricted "$work" /mnt/cooper/cooper build --store /mnt/volume/store \
  -o type=local,dest=/mnt/volume/results /mnt/cooper/context
python3 "$here/compare_results.py" "$work/privileged.results" "$work/volume/results"
