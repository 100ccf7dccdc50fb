#!/bin/bash
# Each CI system's own way to a registry that lets nobody in: the real cooper, the platform's variables and endpoints, and
# the registries' real names, which a proxy leads to a docker-registry of loopback, over TLS.
#
# usage: credentials_test.sh BUILD      $COOPER: a program in place of BUILD/cooper; without BUILD/moto, Amazon's part is left out
# shellcheck source=../packaging/lib.sh
source "$(dirname "$(realpath "$0")")/../packaging/lib.sh"
# shellcheck source=../servers/lib.sh
source "$packaging/../servers/lib.sh"
# shellcheck source=../../../scripts/registry.sh
source "$repository/scripts/registry.sh"
build=$(realpath -m "${1:-$repository/build}")
cooper=$(realpath -m "${COOPER:-$build/cooper}")
[[ -x $cooper ]] || skip "'$cooper' is not built"
need docker-registry openssl git jq

servers=()
stop_servers() {
  local pid
  for pid in "${servers[@]}"; do kill "$pid" 2>/dev/null || true; done
  on_exit
}
trap stop_servers EXIT

# --- a registry that wants to know who pushes, under the clouds' names -----------------------------------------------------

ecr=123456789012.dkr.ecr.eu-west-1.amazonaws.com
google=europe-west1-docker.pkg.dev
gitlab=registry.gitlab.example
jenkins=registry.jenkins.example
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=registries \
  -addext "subjectAltName=DNS:$ecr,DNS:$google,DNS:$gitlab,DNS:$jenkins" -keyout "$work/key.pem" -out "$work/authority.pem" 2>/dev/null
known_to_registry() { # known_to_registry USER PASSWORD: a line for htpasswd, bcrypt at its lowest cost
  # shellcheck disable=SC2016  # the dollars are bcrypt's
  /usr/bin/python3 -W ignore -c 'import crypt, sys; print(sys.argv[1] + ":" + crypt.crypt(sys.argv[2], "$2b$04$abcdefghijklmnopqrstuu"))' "$@"
}
{
  known_to_registry AWS 123456789012-auth-token # moto's
  known_to_registry oauth2accesstoken token-1   # metadata.py's
  known_to_registry gitlab-ci-token job-token-7
  known_to_registry deployer deploy-token-8
  known_to_registry jenkins-robot robot-password-9
} >"$work/htpasswd"
REGISTRY_HTTP_TLS_CERTIFICATE=$work/authority.pem REGISTRY_HTTP_TLS_KEY=$work/key.pem REGISTRY_AUTH=htpasswd \
  REGISTRY_AUTH_HTPASSWD_REALM=test REGISTRY_AUTH_HTPASSWD_PATH=$work/htpasswd start_registry "$work/registry"
start_server connect_to.py "$work/proxy" --port "${REGISTRY##*:}"
servers+=("$server_pid")
proxy=http://127.0.0.1:$server_port

# --- a job ---------------------------------------------------------------------------------------------------------------------

project=$work/project
git init -q -b main "$project"
cd "$project"
git config user.name Test
git config user.email test@example.com
printf 'FROM scratch\nCOPY file /\n' >Dockerfile
echo content >file
git add -A
git commit -qm first
commit=$(git rev-parse HEAD)
mkdir "$work/home"

job() { # job CI VARIABLE=VALUE...: cooper ci build with these variables alone; its log is $work/log
  local ci=$1
  shift
  forget_pushes
  env -i PATH="$PATH" HOME="$work/home" COOPER_STORE="$work/store" https_proxy="$proxy" SSL_CERT_FILE="$work/authority.pem" "$@" \
    "$cooper" ci build --ci="$ci" --progress plain >"$work/log" 2>&1 </dev/null
}
pushes_as() { # pushes_as USER HOST/REPOSITORY CI VARIABLE=VALUE...
  local user=$1 name=$2
  shift 2
  job "$@" || fail "$1: $(cat "$work/log")"
  assert_contains "$(jq -r '.images[0].references[]' cooper-result.json)" "$name:" "$1's image"
  assert_eq "$(pushers)" "$user" "who pushed for $1"
  assert_contains "$(sort -u "$work/proxy/requests")" "${name%%/*}:443" "$1's registry"
}
is_refused() { # is_refused CI VARIABLE=VALUE...: leaves the words in $message
  if job "$@"; then fail "$1 pushed with a credential that is none"; fi
  message=$(cat "$work/log")
  assert_eq "$(pushers)" '' "who pushed for $1"
}
# An empty registry says of each thing that it does not have yet who asked for it.
forget_pushes() {
  rm -rf "$work/registry/data/docker"
  : >"$work/registry/log"
}
# As whom a manifest was pushed, in the registry's own words.
pushers() {
  ! grep -q '"PUT /v2/[^ ]*/manifests/[^ ]* [^ ]*" 201' "$work/registry/log" ||
    sed -n 's/.*auth\.user\.name="\{0,1\}\([^" ]*\)"\{0,1\} .*/\1/p' "$work/registry/log" | sort -u
}

# --- GitLab ------------------------------------------------------------------------------------------------------------------

on_gitlab=(GITLAB_CI=true CI_COMMIT_SHA="$commit" CI_COMMIT_BRANCH=main CI_DEFAULT_BRANCH=main CI_PROJECT_PATH=group/app
  CI_PROJECT_DIR="$project" CI_COMMIT_REF_PROTECTED=true CI_REGISTRY="$gitlab" CI_REGISTRY_IMAGE="$gitlab/group/app")
pushes_as gitlab-ci-token "$gitlab/group/app" gitlab "${on_gitlab[@]}" CI_REGISTRY_USER=gitlab-ci-token CI_REGISTRY_PASSWORD=job-token-7
pushes_as gitlab-ci-token "$gitlab/group/app" gitlab "${on_gitlab[@]}" CI_JOB_TOKEN=job-token-7
pushes_as deployer "$gitlab/group/app" gitlab "${on_gitlab[@]}" CI_DEPLOY_USER=deployer CI_DEPLOY_PASSWORD=deploy-token-8
# An old login, of the runner's, does not hide the job's own.
pushes_as gitlab-ci-token "$gitlab/group/app" gitlab "${on_gitlab[@]}" CI_JOB_TOKEN=job-token-7 \
  DOCKER_AUTH_CONFIG="{\"auths\": {\"$gitlab\": {\"auth\": \"$(printf old:expired | base64)\"}}}"
is_refused gitlab "${on_gitlab[@]}" CI_JOB_TOKEN=of-a-job-that-is-over
assert_contains "$message" "\$CI_JOB_TOKEN" 'the variable'
assert_contains "$message" 'Job token permissions' 'the setting'
[[ $message != *of-a-job-that-is-over* ]] || fail "the token is told: $message"

# --- Cloud Build ---------------------------------------------------------------------------------------------------------------

start_server metadata.py "$work/metadata"
servers+=("$server_pid")
mkdir "$work/builder"
on_cloudbuild=(BUILDER_OUTPUT="$work/builder" COMMIT_SHA="$commit" BRANCH_NAME=main PROJECT_ID=p LOCATION=europe-west1 BUILD_ID=3
  REPO_NAME=app REPO_FULL_NAME=group/app COOPER_WORKSPACE="$project" COOPER_IMAGE_BASE="$google/p/images/app")
pushes_as oauth2accesstoken "$google/p/images/app" cloudbuild "${on_cloudbuild[@]}" GCE_METADATA_HOST="127.0.0.1:$server_port"
# The server's next token is one that the registry does not know: as after it was revoked.
is_refused cloudbuild "${on_cloudbuild[@]}" GCE_METADATA_HOST="127.0.0.1:$server_port"
assert_contains "$message" "the machine's service account" 'where the token is from'
assert_contains "$message" 'serviceAccount:' 'the setting'

# --- Jenkins: withCredentials and a config.json that the library wrote ----------------------------------------------------------

on_jenkins=(JENKINS_URL=https://jenkins.example/ BUILD_TAG=j-5 GIT_COMMIT="$commit" BRANCH_NAME=main WORKSPACE="$project" BUILD_NUMBER=5
  COOPER_IMAGE_BASE="$jenkins/group/app")
mkdir "$work/docker"
login() { printf '{"auths": {"%s": {"username": "jenkins-robot", "password": "%s"}}}' "$jenkins" "$1" >"$work/docker/config.json"; }
login robot-password-9
pushes_as jenkins-robot "$jenkins/group/app" jenkins "${on_jenkins[@]}" DOCKER_CONFIG="$work/docker"
login expired-password
is_refused jenkins "${on_jenkins[@]}" DOCKER_CONFIG="$work/docker"
assert_contains "$message" "$work/docker/config.json" 'the file'
assert_contains "$message" 'Manage Jenkins > Credentials' 'the setting'
[[ $message != *expired-password* ]] || fail "the password is told: $message"

# --- Amazon: CodeBuild's role, CircleCI's identity --------------------------------------------------------------------------------

if [[ ! -x $build/moto/serve ]]; then
  echo "Amazon is left out: '$build/moto' is not there, scripts/moto.sh makes it"
  exit 0
fi
exec {moto_says}< <(exec "$build/moto/serve" 2>&1 </dev/null)
servers+=("$!")
while IFS= read -r -t 60 -u "$moto_says" line; do
  if [[ $line =~ http://127\.0\.0\.1:([0-9]+) ]]; then break; fi
done
moto=http://127.0.0.1:${BASH_REMATCH[1]}
cat <&"$moto_says" >/dev/null &

start_server container_credentials.py "$work/role" --token container-token
servers+=("$server_pid")
on_codebuild=(CODEBUILD_BUILD_ARN=arn:aws:codebuild:eu-west-1:123456789012:build/app:4 CODEBUILD_BUILD_ID=app:4
  CODEBUILD_RESOLVED_SOURCE_VERSION="$commit" CODEBUILD_WEBHOOK_HEAD_REF=refs/heads/main CODEBUILD_WEBHOOK_TRIGGER=branch/main
  CODEBUILD_SOURCE_REPO_URL=https://git.example.com/group/app.git CODEBUILD_SRC_DIR="$project" AWS_REGION=eu-west-1
  AWS_CONTAINER_CREDENTIALS_FULL_URI="http://127.0.0.1:$server_port/role" AWS_ENDPOINT_URL_ECR="$moto")
pushes_as AWS "$ecr/group/app" codebuild "${on_codebuild[@]}" AWS_CONTAINER_AUTHORIZATION_TOKEN=container-token
is_refused codebuild "${on_codebuild[@]}" AWS_CONTAINER_AUTHORIZATION_TOKEN=of-yesterday
assert_contains "$message" 'AWS_CONTAINER_AUTHORIZATION_TOKEN' 'the variable'
assert_contains "$message" 'Service role' 'the setting'
[[ $message != *of-yesterday* ]] || fail "the token is told: $message"

# The orb's script, as its step runs it: the identity is a variable there, and a file for as long as cooper runs.
orb=$repository/adapters/circleci/src/scripts/build.sh
on_circleci=(CIRCLECI=true CIRCLE_SHA1="$commit" CIRCLE_BRANCH=main CIRCLE_PROJECT_USERNAME=group CIRCLE_PROJECT_REPONAME=app
  CIRCLE_WORKING_DIRECTORY="$project" CIRCLE_BUILD_NUM=2 BASH_ENV="$work/bash_env" COOPER_IMAGE_BASE="$ecr/circle"
  COOPER_PROGRESS=plain AWS_REGION=eu-west-1 AWS_ROLE_ARN=arn:aws:iam::123456789012:role/circle AWS_ENDPOINT_URL="$moto"
  CIRCLE_OIDC_TOKEN_V2=header.circleci-identity.signature)
mkdir "$work/bin" "$work/temporary"
ln -s "$cooper" "$work/bin/cooper"
touch "$work/bash_env"
circle() { # circle VARIABLE=VALUE...
  forget_pushes
  env -i PATH="$work/bin:$PATH" HOME="$work/home" TMPDIR="$work/temporary" COOPER_STORE="$work/store" https_proxy="$proxy" \
    SSL_CERT_FILE="$work/authority.pem" "${on_circleci[@]}" "$@" bash "$orb" >"$work/log" 2>&1 </dev/null
}
circle || fail "circleci: $(cat "$work/log")"
assert_eq "$(pushers)" AWS 'who pushed for circleci'
assert_eq "$(find "$work/temporary" -type f)" '' 'what the step left behind'
if circle AWS_ROLE_ARN=; then fail 'circleci pushed as nobody'; fi
assert_contains "$(cat "$work/log")" 'AWS_WEB_IDENTITY_TOKEN_FILE' 'what was looked for'
