#!/bin/bash
# The build contexts that `make bench` measures, the same bytes every time. Meant to be sourced.

# `head` cuts these streams, and what writes them then ends with SIGPIPE: no failure, so no pipefail in here.

# Bytes without end that no compressor shrinks, the same on every machine.
noise() { openssl enc -aes-128-ctr -pass pass:cooper -nosalt -md sha256 2>/dev/null </dev/zero; }
# Half noise, half text: what layers are made of.
mixed() { # mixed MEGABYTES
  # The text names its piece, so that no two are equal.
  # shellcheck disable=SC2016  # FILE belongs to split
  noise | head -c "$(($1 << 19))" | split -b 512K --filter='cat; yes "the quick brown fox counts: $FILE" | head -c 524288' - 2>/dev/null
}

workload_steps() { # workload_steps DIRECTORY BASE COUNT
  mkdir -p "$1"
  { echo "FROM $2"; for ((i = 0; i < $3; i++)); do echo 'RUN true'; done; } >"$1/Dockerfile"
}

workload_stages() { # workload_stages DIRECTORY BASE
  local stage
  mkdir -p "$1"
  {
    for stage in 1 2 3 4; do printf 'FROM %s AS s%d\nRUN sleep 3 && echo %d > /out\n' "$2" "$stage" "$stage"; done
    echo 'FROM scratch'
    for stage in 1 2 3 4; do echo "COPY --from=s$stage /out /$stage"; done
  } >"$1/Dockerfile"
}

workload_files() ( # workload_files DIRECTORY: 50,000 files of 1 KiB in 500 directories
  set +o pipefail
  mkdir -p "$1/tree"
  # Two stages of split: 100 KiB pieces become directories of a hundred files.
  # shellcheck disable=SC2016  # FILE belongs to split
  mixed 50 | head -c 51200000 | split -b 102400 -a 3 -d --filter='mkdir "$FILE" && split -b 1024 -a 3 -d - "$FILE/"' - "$1/tree/d"
  printf 'FROM scratch\nCOPY tree /tree\n' >"$1/Dockerfile"
)

workload_large() ( # workload_large DIRECTORY: one layer of 1 GiB
  mkdir -p "$1"
  set +o pipefail
  mixed 1024 >"$1/large"
  printf 'FROM scratch\nCOPY large /large\n' >"$1/Dockerfile"
)
