#!/bin/bash
# Builds and runs the benchmark; see docs/performance.md for what it measures.
#
#   bench/run.sh            the whole run, about twelve minutes
#   bench/run.sh --quick    a good minute (after the builds): does everything still work?
#
# Further arguments go to `compare`: --rounds N, --only nginx,floor,routectl, --nginx PATH,
# --routectl PATH (a second build to compare with; may be repeated).
# Needs cargo and nginx (Debian: apt-get install nginx-light). Everything is on loopback.
set -euo pipefail

bench=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$bench")
target=${CARGO_TARGET_DIR:-$root/target}

if ! command -v nginx >/dev/null && [ ! -x /usr/sbin/nginx ] && [[ " $* " != *" --nginx "* ]]; then
    echo "run.sh: nginx is missing (Debian: apt-get install nginx-light)" >&2
    exit 1
fi
PATH=$PATH:/usr/sbin

# 1,000 streams through a proxy take 2,000 descriptors there.
ulimit -n "$(ulimit -Hn)"

cargo build --release --locked --manifest-path "$bench/Cargo.toml" --target-dir "$bench/target"
cargo build --release --locked --manifest-path "$root/Cargo.toml" --target-dir "$target" \
    -p routectl-emulator
routectl=()
if cargo build --release --locked --manifest-path "$root/Cargo.toml" --target-dir "$target" \
    -p routectl; then
    routectl=(--routectl "$target/release/routectl")
fi

revision=$(git -C "$root" rev-parse --short HEAD 2>/dev/null || echo unknown)
[ -z "$(git -C "$root" status --porcelain 2>/dev/null)" ] || revision="$revision with changes"

work=$(mktemp -d)
compare=
# `compare` ends what it started; the list is for when it was itself killed. A number may have been
# given to another process since, so only those are ended whose command line or environment shows
# this run's folder.
cleanup() {
    local pid
    [ -z "$compare" ] || kill "$compare" 2>/dev/null || true
    while read -r pid; do
        if cat "/proc/$pid/cmdline" "/proc/$pid/environ" 2>/dev/null | grep -qaF "$work"; then
            kill "$pid" 2>/dev/null || true
        fi
    done < <(cat "$work/pids" 2>/dev/null)
    rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

export BENCH_WORK=$work
# In the background, so that a signal to this script is heard at once.
"$bench/target/release/compare" --emulator "$target/release/routectl-emulator" \
    "${routectl[@]}" --work "$work" --results "$bench/results" --revision "$revision" "$@" &
compare=$!
status=0
wait "$compare" || status=$?
compare=
exit "$status"
