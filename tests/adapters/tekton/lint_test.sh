#!/bin/bash
# The Tekton files that are shipped, under the linter that knows Tekton's variables and references.
#
# usage: lint_test.sh [BUILD]
# shellcheck source=../packaging/lib.sh
source "$(dirname "$(realpath "$0")")/../packaging/lib.sh"
shipped=$repository/adapters/tekton
need_npm_tools
linter=$tools/node_modules/@ibm/tekton-lint
[[ -d $linter ]] || skip "'@ibm/tekton-lint' is not among the npm tools"
lint() { "$node" "$tools/node_modules/.bin/tekton-lint" --max-warnings 0 "$@" >"$work/log" 2>&1; }
lint "$shipped"/*.yaml || fail "tekton-lint: $(cat "$work/log")"
sed 's/params.context)/params.contxt)/' "$shipped/task.yaml" >"$work/task.yaml"
if lint "$work/task.yaml"; then fail 'tekton-lint takes a parameter that is not there'; fi
