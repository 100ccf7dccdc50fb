# shellcheck shell=bash
# One property a row, beside buildah where it has it: what a step, a look-up, a file or a layer costs. Sourced by
# scripts/bench.sh, which has `row`, `median`, `peak`, $work, $base and $REGISTRY.
# shellcheck disable=SC2154  # those

find_buildah() {
  # buildah wants runc and cgroups for its usual isolation; where they are not to be had, chroot.
  peer=$work/bin/buildah
  export BUILDAH_ISOLATION=oci
  workload_steps "$work/probe" "$base" 1
  fresh
  if ! "$peer" "$work/probe" >/dev/null 2>&1; then
    export BUILDAH_ISOLATION=chroot
    if ! "$peer" "$work/probe" >"$work/log" 2>&1; then
      echo "buildah does not work here, so there is nothing beside: $(tail -n 1 "$work/log")"
      peer=""
    fi
  fi
}
beside() { # beside COMMAND...: nan without a peer
  if [[ -n $peer ]]; then "$@"; else echo nan; fi
}
language() { # language NAME: milliseconds
  "build/tests/bench/bench_language" --benchmark_filter="$1" --benchmark_format=json 2>"$work/log" |
    jq -r '.benchmarks[0].real_time'
}

bench_rows() {
  find_buildah
  echo "200 RUN steps"
  workload_steps "$work/steps1" "$base" 1
  workload_steps "$work/steps21" "$base" 21
  workload_steps "$work/steps201" "$base" 201
  fresh
  "$work/bin/cooper" "$work/steps1"
  one=$(median cooper-steps-1 "$work/bin/cooper" --no-cache "$work/steps1")
  many=$(median cooper-steps-201 "$work/bin/cooper" --no-cache "$work/steps201")
  # Twenty steps are enough to see what one costs buildah, which takes minutes for two hundred.
  beside "$peer" "$work/steps1" >/dev/null
  peer_one=$(beside median buildah-steps-1 "$peer" --no-cache "$work/steps1")
  peer_many=$(beside median buildah-steps-21 "$peer" --no-cache "$work/steps21")
  row 'one more RUN true' ms "$(calculate "($many - $one) * 1000 / 200")" "$(calculate "($peer_many - $peer_one) * 1000 / 20")" 10

  echo "everything cached"
  "$work/bin/cooper" -t "$REGISTRY/cached" --push "$work/steps21"
  cached=$(WARMUP=1 median cooper-cached "$cooper" build --store "$(cat "$work/current")" --progress quiet -t "$REGISTRY/cached" --push "$work/steps21")
  beside "$peer" "$work/steps21" >/dev/null
  peer_cached=$(beside median buildah-cached "$peer" "$work/steps21")
  row 'rebuild of 21 steps, all cached' ms "$(calculate "$cached * 1000")" "$(calculate "$peer_cached * 1000")" 150

  echo "100 steps from caches"
  workload_steps "$work/steps100" "$base" 100
  cache=type=registry,ref=$REGISTRY/steps-cache
  fresh
  "$work/bin/cooper" -t "$REGISTRY/steps-cache" --push --cache-to "$cache,mode=max" "$work/steps100"
  cached=$(WARMUP=1 median cooper-cached-100 "$work/bin/cooper" -t "$REGISTRY/steps-cache" --push "$work/steps100")
  row 'rebuild of 100 steps, local store' ms "$(calculate "$cached * 1000")" nan 150
  cached=$(PREPARE=$work/bin/fresh WARMUP=1 median cooper-remote-100 "$work/bin/cooper" -t "$REGISTRY/steps-cache" --push \
    --cache-from "$cache" "$work/steps100")
  row 'the same on an empty machine, registry' ms "$(calculate "$cached * 1000")" nan 500

  echo "four stages of three seconds"
  workload_stages "$work/stages" "$base"
  fresh
  stages=$(median cooper-stages "$work/bin/cooper" --no-cache "$work/stages")
  peer_stages=$(beside median buildah-stages "$peer" --no-cache --jobs 4 "$work/stages")
  row 'four independent 3-second stages' s "$stages" "$peer_stages" 4.5

  echo "50,000 files"
  workload_files "$work/files"
  reference=$(WARMUP=1 median reference-files bash -c "'tar -C $work/files -c tree | sha256sum'")
  files=$(PREPARE=$work/bin/fresh median cooper-files "$work/bin/cooper" "$work/files")
  peer_files=$(PREPARE=$work/bin/fresh beside median buildah-files "$peer" "$work/files")
  row 'COPY of 50,000 files, cold' s "$files" "$peer_files" "$(calculate "$reference * 3")"

  echo "a layer of 1 GiB"
  workload_large "$work/large"
  fresh
  memory=$(peak "$work/bin/cooper" -t "$REGISTRY/large" --push "$work/large")
  peer_memory=$(beside peak "$peer" -t "$REGISTRY/large" "$work/large")
  row 'memory, COPY of 1 GiB and push' MiB "$memory" "$peer_memory" 200
  printf 'FROM %s/large\nCOPY --from=%s /bin /bin\nRUN true\n' "$REGISTRY" "$base" >"$work/probe/Dockerfile"
  fresh
  memory=$(peak "$work/bin/cooper" "$work/probe")
  peer_memory=$(beside peak "$peer" "$work/probe")
  row 'memory, RUN on a base of 1 GiB' MiB "$memory" "$peer_memory" 200
  large=$(PREPARE=$work/bin/fresh median cooper-large "$work/bin/cooper" -t "$REGISTRY/large2" --push "$work/large")
  row 'COPY of 1 GiB and push, cold' s "$large" nan -

  with_cache=$(PREPARE=$work/bin/fresh median cooper-large-cache "$work/bin/cooper" -t "$REGISTRY/large3" --push \
    --cache-to "type=registry,ref=$REGISTRY/large3,mode=max" "$work/large")
  row 'what writing the cache adds to that' % "$(calculate "($with_cache - $large) * 100 / $large")" nan 5

  echo "the Dockerfile language"
  row 'parse and lower 2,000 lines' ms "$(language parse_and_lower)" nan 20
  row '100,000 paths, 100 ignore patterns' ms "$(language ignore_patterns)" nan 150
}
