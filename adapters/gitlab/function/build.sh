#!/bin/sh
# A GitLab Function's command: builds, then hands the results on as the Function's outputs, one JSON object a line.
#
# usage: build.sh OUTPUT-FILE PUSH      inputs come as COOPER_* variables (func.yml), the binary lies beside as bin/cooper
set -eu
output_file=$1
cooper=$(dirname "$0")/bin/cooper
[ -x "$cooper" ] || cooper=cooper

rm -f cooper.env
if [ "$2" = true ]; then
  "$cooper" ci build --ci=gitlab
else
  "$cooper" ci build --ci=gitlab --no-push
fi

# Names and digests of images hold neither quotes nor backslashes, so they are JSON strings as they are.
[ -e cooper.env ] || exit 0
while IFS='=' read -r name value; do
  case $name in
    COOPER_IMAGE) output=image ;;
    COOPER_DIGEST) output=digest ;;
    COOPER_IMAGE_REF) output=image_ref ;;
    COOPER_TAGS) output=tags ;;
    *) continue ;;
  esac
  printf '{"name":"%s","value":"%s"}\n' "$output" "$value" >>"$output_file"
done <cooper.env
