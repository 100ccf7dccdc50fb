#!/bin/sh
# Runs the Jenkins library with Debian's Groovy, which is the line of Groovy that Jenkins uses, and skips where it is missing.
#
# usage: jenkins_test.sh        $COOPER: a real program to use in place of the stand-in
set -eu
here=$(dirname "$(realpath "$0")")
root=$here/../../..
if ! command -v groovy >/dev/null; then
  echo "skipped: 'groovy' is not installed"
  exit 77
fi
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
python3 -I -c 'import sys; sys.dont_write_bytecode = True; sys.path.insert(0, sys.argv[1]); from program import Program; Program(sys.argv[2], "jenkins")' \
  "$here/../runners" "$directory"
mkdir "$directory/work"
export LC_ALL=C.UTF-8 JAVA_OPTS="-Xshare:auto -XX:TieredStopAtLevel=1"
library=$(realpath "$root/adapters/jenkins")
export CLASSPATH="$library/src:$here:$here/stub"
groovy -encoding UTF-8 "$here/jenkins_test.groovy" "$library" "$directory/cooper" "$directory/work"
