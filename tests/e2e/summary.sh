#!/bin/sh
# A run says at its end what it came to: what went well, what was skipped or broke and why, how long it
# took. One in which nothing was measured is no success. The next of the same cells says what it will take.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

# Cells that are skipped for want of nodes, and one that is measured
printf '%s\n' '[global]' target=icount pairs=1 iterations=1 warmup=0 memory=512 nodes=1 \
	'[arm:only]' kernel=debian:6.1 '[floor]' workload=null '[m]' workload=migrate-mlocked >"$tmp/none.ini"
expect 2 mlocklab run "$tmp/none.ini" --out "$tmp/none"
says 'skipped in 1 boot: migrate-mlocked/'
says 'boots: 1 ok, 0 failed; cells: 0 of 1 measured; took '
says 'mlocklab run: nothing was measured'
same "$(cat "$out")" "$tmp/none" 'what it prints: the run is kept all the same'
same "$(member "$tmp/none/run.json" status)" complete 'its status'
grep -q '^[0-2][0-9]:[0-5][0-9]:[0-6][0-9] \[1/1\] boot 1 only ok' "$err" || die "a boot's line has no time: $(cat "$err")"

# Beside a cell that is measured it is told, and no failure
printf '%s\n' '[exit]' workload=exit-mlocked procs=2 size=256K lock=none | cat "$tmp/none.ini" - >"$tmp/some.ini"
expect 0 mlocklab run "$tmp/some.ini" --out "$tmp/some"
says 'skipped in 1 boot: migrate-mlocked/'
says 'cells: 1 of 2 measured'

# An installation finds earlier runs in its results; here a tree of links stands for one
mkdir -p "$tmp/home/share" "$tmp/data/mlocklab/results"
for f in "$libexec"/mlocklab-* build/mlockbench build/guest-init; do ln "$f" "$tmp/home/" 2>/dev/null || cp "$f" "$tmp/home/"; done
cp -r configs "$tmp/home/share/"
cp -r "$tmp/some" "$tmp/data/mlocklab/results/"
# beside it something that is no run, and that nobody waits for
mkdir "$tmp/data/mlocklab/results/other" && mkfifo "$tmp/data/mlocklab/results/other/run.json"
cache=${MLOCKLAB_CACHE:-$PWD/cache}
expect 0 env MLOCKLAB_CACHE="$cache" XDG_DATA_HOME="$tmp/data" "$tmp/home/mlocklab-run" "$tmp/some.ini"
grep -q "^some [0-9]* min: a boot of the same cells took" "$err" || die "it tells no estimate: $(cat "$err")"
says "s in $tmp/data/mlocklab/results/some"

# On a terminal one line says what the guest is at, what a wait is for and what is left of it
printf '%s\n' '[global]' target=tcg pairs=2 iterations=1 warmup=0 memory=1024 cpus=2 \
	'[arm:only]' kernel=debian:6.1 '[exit]' workload=exit-mlocked procs=2 size=256K lock=none >"$tmp/tcg.ini"
expect 0 script -qec "stty cols 120; '$libexec/mlocklab-run' '$tmp/tcg.ini' --out '$tmp/tcg'" "$tmp/screen"
tr '\r' '\n' <"$tmp/screen" >"$tmp/lines"
grep -q 'boots 0/2, time left not known yet | only: booting' "$tmp/lines" || die 'it does not say that a guest boots'
grep -q 'only: waiting for it to go idle, [0-9]* of at most [0-9]* s' "$tmp/lines" ||
	die "it does not say what it waits for: $(cat "$tmp/lines")"
grep -q 'boots 1/2, \(about [0-9]* \(s\|min\) left\|longer than the first boots foretold\) | ' "$tmp/lines" ||
	die 'it does not say what is left'

echo "$checks checks"
