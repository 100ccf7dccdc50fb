#!/bin/bash
# The Kubernetes files that are shipped, and the examples that tests run: what Kubernetes' API knows, and nothing else. The check is
# tried on files that it must refuse, too.
#
# usage: schema_test.sh [BUILD]
# shellcheck source=../packaging/lib.sh
source "$(dirname "$(realpath "$0")")/../packaging/lib.sh"
here=$repository/tests/adapters/kubernetes
shipped=$repository/adapters/kubernetes
need_npm_tools
[[ -d $tools/node_modules/kubernetes-models ]] || skip "'kubernetes-models' is not among the npm tools"
examples=$repository/tests/adapters/kaniko/fixtures
if ! "$node" "$here/schema.mjs" "$tools/node_modules" "$shipped"/*.yaml "$examples"/kubernetes/*.yaml "$examples/jenkins/pod.yaml" \
  >"$work/log"; then
  fail "$(cat "$work/log")"
fi

unknown() { # unknown SED-EXPRESSION FAULT: the Job, changed like that, is none
  sed "$1" "$shipped/job.yaml" >"$work/changed.yaml"
  if "$node" "$here/schema.mjs" "$tools/node_modules" "$work/changed.yaml" >"$work/log"; then fail "allowed: $1"; fi
  assert_contains "$(cat "$work/log")" "$2" "what is said of $1"
}
unknown 's/readOnlyRootFilesystem/readOnlyRootFileSystem/' "'\"readOnlyRootFileSystem\"' does not exist"
unknown 's/backoffLimit: 0/backoffLimit: none/' 'backoffLimit must be integer'
unknown '/restartPolicy/d;s/containers:/containrs:/' 'containers'
unknown 's/^kind: Job/kind: Jobs/' 'there is no Jobs'
