# shellcheck shell=bash
# What a registry costs `make bench`: a push beside the slower of compressing and sending, a pull beside curl, sha256sum,
# gunzip and tar of the same layers. Sourced by scripts/bench.sh, which has `row`, `fresh`, $work, $base and $REGISTRY.
# shellcheck disable=SC2154  # those

seconds() { # seconds COMMAND...: how long it took; nan when it failed
  local begin=$EPOCHREALTIME
  if ! "$@" >"$work/log" 2>&1; then
    tail -n 5 "$work/log" >&2
    echo nan
    return
  fi
  calculate "$EPOCHREALTIME - $begin"
}
middle() { sort -g | awk '{ value[NR] = $1 } END { print value[int((NR + 1) / 2)] }'; }

# --- the references ---------------------------------------------------------------------------------------------

# Our own compressor on all cores, into a file: another program would compress more or less than we do.
compress() { "$work/bin/cooper" -o "type=oci,dest=$work/large.oci" "$work/large"; }
layer_of() { # layer_of ARCHIVE: its largest file
  tar -tvf "$1" | sort -k3,3n | tail -n 1 | awk '{ print $NF }'
}
send() { # send FILE REPOSITORY: in one PUT, as fast as curl can
  local location separator='?' digest
  digest=$(sha256sum "$1" | cut -d' ' -f1)
  location=$(curl -sS -o /dev/null -D - -X POST "http://$REGISTRY/v2/$2/blobs/uploads/" | tr -d '\r' | sed -n 's/^[Ll]ocation: //p')
  [[ $location == *\?* ]] && separator='&'
  curl -sSf -o /dev/null -X PUT -H 'Content-Type: application/octet-stream' -T "$1" "$location${separator}digest=sha256:$digest"
}
fetch_layer() { # fetch_layer DIGEST DIRECTORY
  mkdir -p "$2"
  curl -sSf "http://$REGISTRY/v2/layers/blobs/$1" | tee >(sha256sum >"$2.sum") | gunzip | tar -x -C "$2"
}
fetch_layers() { # fetch_layers DIRECTORY: all at once
  local digest number=0 waiting=()
  for digest in $(jq -r '.layers[].digest' "$work/layers.json"); do
    fetch_layer "$digest" "$1/$((number++))" &
    waiting+=($!)
  done
  wait "${waiting[@]}"
}

# --- what is measured -------------------------------------------------------------------------------------------

# Each run has a repository of its own, or there would be nothing to push.
push_large() { "$work/bin/cooper" -t "$REGISTRY/pushed-$1" --push "$work/large"; }
bench_push() {
  local run all=() compressed=() sent=()
  for ((run = 1; run <= runs; run++)); do
    fresh
    compressed+=("$(seconds compress)")
    rm -rf "$(cat "$work/current")"
    tar -xf "$work/large.oci" -O "$(layer_of "$work/large.oci")" >"$work/large.gz"
    rm -f "$work/large.oci"
    sent+=("$(seconds send "$work/large.gz" "sent-$run")")
    # The registry keeps one copy of equal blobs: what is stored is the same work for both.
    fresh
    all+=("$(seconds push_large "$run")")
    rm -rf "$(cat "$work/current")"
  done
  local slower
  slower=$(printf '%s\n%s\n' "$(printf '%s\n' "${compressed[@]}" | middle)" "$(printf '%s\n' "${sent[@]}" | middle)" | sort -g | tail -n 1)
  row 'push of 1 GiB; peer: compress or send' s "$(printf '%s\n' "${all[@]}" | middle)" "$slower" "$(calculate "$slower * 1.2")"
}

use_layers() { "$work/bin/cooper" "$work/use"; }
bench_pull() {
  local run number ours=() theirs=()
  mkdir -p "$work/layers" "$work/use"
  echo "FROM $base" >"$work/layers/Dockerfile"
  for ((number = 1; number <= 8; number++)); do
    mkdir "$work/layers/$number"
    # shellcheck disable=SC2016  # FILE belongs to split
    (set +o pipefail; mixed 1024 | tail -c "+$(((number - 1) * 134217728 + 1))" | head -c 134217728 |
      split -b 4M - "$work/layers/$number/part")
    echo "COPY $number /$number" >>"$work/layers/Dockerfile"
  done
  fresh
  "$work/bin/cooper" -t "$REGISTRY/layers" --push "$work/layers"
  rm -rf "$work/layers" "$(cat "$work/current")"
  curl -sSf -H 'Accept: application/vnd.oci.image.manifest.v1+json' "http://$REGISTRY/v2/layers/manifests/latest" >"$work/layers.json"
  printf 'FROM %s/layers\nRUN true\n' "$REGISTRY" >"$work/use/Dockerfile"
  for ((run = 1; run <= runs; run++)); do
    theirs+=("$(seconds fetch_layers "$work/fetched")")
    rm -rf "$work/fetched"
    fresh
    ours+=("$(seconds use_layers)")
    rm -rf "$(cat "$work/current")"
  done
  local peer
  peer=$(printf '%s\n' "${theirs[@]}" | middle)
  row 'pull of 1 GiB, 8 layers; peer: curl, tar' s "$(printf '%s\n' "${ours[@]}" | middle)" "$peer" "$(calculate "$peer * 1.3")"
}

bench_registry() {
  echo "a registry: 1 GiB there and back"
  workload_large "$work/large"
  bench_push
  rm -rf "$work/large" "$work/large.gz"
  bench_pull
}
