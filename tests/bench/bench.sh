#!/bin/sh
# make bench: what the lab itself costs, each figure beside what it is measured against.
#   bench.sh BENCH_BOOT BARE_INIT
set -eu

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
rounds=${ROUNDS:-5}

echo "# the lab's boot to PID 1 beside a bare QEMU boot of the same kernel"
for kernel in debian:5.10 debian:6.1; do
	"$1" "$kernel" "$2" "$rounds"
done

echo "# the harness's floor: an empty timed region, in instructions"
./mlocklab run configs/smoke.ini --pairs 1 --target icount --out "$tmp/floor" >/dev/null 2>&1
for boot in "$tmp"/floor/boots/*; do
	sed -n 's/.*"cell":"null".*"elapsed_ns":\([0-9]*\).*/null: \1 instructions/p' "$boot/samples.jsonl" | tail -n 1
done

echo "# icount boots over the cores: seconds for 4 pairs, by boots at a time"
for workers in 1 $(nproc); do
	start=$(date +%s.%N)
	./mlocklab run configs/smoke.ini --pairs 4 --target icount --workers "$workers" \
		--out "$tmp/w$workers" >/dev/null 2>&1
	echo "$workers $(date +%s.%N) $start"
done | awk '{ t = $2 - $3; if (NR == 1) first = t
	printf "workers %d: %.1f s, %.2f times as fast as one\n", $1, t, first / t }'
