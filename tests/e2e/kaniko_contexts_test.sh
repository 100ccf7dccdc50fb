#!/bin/bash
# Kaniko's kinds of contexts, and what lies about its kind.
# shellcheck source=lib.sh
source "$(dirname "$0")/lib.sh"
# shellcheck source=kaniko.sh
source "$(dirname "$0")/kaniko.sh"
# shellcheck source=git_server.sh
source "$(dirname "$0")/git_server.sh"
trap 'stop_git_servers; stop_registry' EXIT
need git
with_base

mkdir -p app/part
printf 'FROM %s\nCOPY . /app/\n' "$base" >app/Dockerfile
cp app/Dockerfile app/part/Dockerfile
printf 'ignored\n' >app/.dockerignore
cp app/.dockerignore app/part/.dockerignore
echo hello >app/hello
echo hello >app/ignored
echo part >app/part/hello
echo part >app/part/ignored

# The paths below /app in the image that was saved last.
files_in_app() {
  tar -xOf "$work/image.tar" manifest.json | jq -r '.[0].Layers[-1]' >"$work/.layer"
  tar -xOf "$work/image.tar" "$(cat "$work/.layer")" | tar -tz | sed -n 's,^app/\(.*[^/]\)$,\1,p' | sort | tr '\n' ' '
}
saved() { # saved ARGUMENT...: builds and saves
  kaniko -d app:1 --no-push --tar-path "$work/image.tar" "$@"
}

# --- directories ---
saved -c "$work/app"
assert_eq "$(files_in_app)" '.dockerignore Dockerfile hello part/.dockerignore part/Dockerfile part/hello part/ignored '
saved --context "dir://$work/app" --context-sub-path part
assert_eq "$(files_in_app)" '.dockerignore Dockerfile hello '

# --- tars ---
tar -czf context.tar.gz -C app .
saved --context "tar://$work/context.tar.gz"
assert_eq "$(files_in_app)" '.dockerignore Dockerfile hello part/.dockerignore part/Dockerfile part/hello part/ignored '
saved --context "tar://$work/context.tar.gz" --context-sub-path=part
assert_eq "$(files_in_app)" '.dockerignore Dockerfile hello '
saved --context tar://stdin --context-sub-path part/ <context.tar.gz
assert_eq "$(files_in_app)" '.dockerignore Dockerfile hello '
kaniko_fails 1 --no-push --context "tar://$work/context.tar.gz" --context-sub-path nowhere
assert_contains "$message" "no directory 'nowhere'"
echo '<!DOCTYPE html>' >page
kaniko_fails 1 --no-push --context "tar://$work/page"
assert_contains "$message" "is no tar: it begins with '<!DOCTYPE html>'"
kaniko_fails 1 --no-push --context tar://stdin <page
assert_contains "$message" "is no tar: it begins with '<!DOCTYPE html>'"

# --- git: the repository stays in the context, as Kaniko leaves it there ---
mkdir repositories
git -c init.defaultBranch=main init -q repositories/app.work
git -C repositories/app.work config user.name test
git -C repositories/app.work config user.email test@example.com
cp -r app/. repositories/app.work/
git -C repositories/app.work add -A -f
git -C repositories/app.work commit -qm first
first=$(git -C repositories/app.work rev-parse HEAD)
echo second >repositories/app.work/second
git -C repositories/app.work add -A
git -C repositories/app.work commit -qm second
git clone -q --bare repositories/app.work repositories/app.git
git -C repositories/app.git config uploadpack.allowAnySHA1InWant true
start_git_server "$work/repositories"
export GIT_PULL_METHOD=http
saved --context "git://${GIT_URL#http://}/app.git#refs/heads/main"
assert_contains "$(files_in_app)" 'second'
assert_contains "$(files_in_app)" '.git/HEAD'
assert_lacks "$(files_in_app)" ' ignored'
saved --context "git://${GIT_URL#http://}/app.git#refs/heads/main#$first"
assert_lacks "$(files_in_app)" 'second'
saved --context "git://${GIT_URL#http://}/app.git" --git branch=main --git single-branch=true --context-sub-path part
assert_contains "$(files_in_app)" 'hello'
assert_lacks "$(files_in_app)" 'ignored'
kaniko_fails 1 --no-push --context "git://$REGISTRY/no-repository"
assert_contains "$message" 'no-repository'

# --- what is no context ---
kaniko_fails 1 --no-push --context ftp://example.com/x
assert_contains "$message" 'there is no such kind of context'
kaniko_fails 1 --no-push -c "$work/app" --bucket b
assert_contains "$message" '--bucket and --context exclude each other'
