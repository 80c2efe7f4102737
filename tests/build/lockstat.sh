#!/bin/sh
# Builds Debian's 5.10 with statistics of locks, which takes minutes: what that kernel says itself of who
# waits, perf's word on it, and the probes on the stock kernel rank the same lock first. Not part of
# `make check`: `make check-build` runs it.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

# exits KERNEL RECORDER PROCS SIZE
exits() {
	cat <<-EOF2
		[global]
		target=tcg
		cpus=4
		memory=2048
		pairs=1
		iterations=4
		warmup=0
		locks=$2
		[arm:only]
		kernel=$1
		[exit]
		workload=exit-mlocked
		procs=$3
		size=$4
	EOF2
}

# The first value of a member in what the last program printed
first() {
	sed -n "s/^ *\"$1\": \"\(.*\)\",\$/\1/p" "$out" | head -n 1
}

expect 0 mlocklab kernels build --fragment configs/kernel/lockstat.config debian-source:5.10
spec=$(cat "$out")
expect 0 mlocklab kernels build --fragment configs/kernel/lockstat.config debian-source:5.10
same "$(cat "$out")" "$spec" 'the kernel that is built already'

exits "$spec" lockstat 32 4M >"$tmp/stat.ini"
expect 0 mlocklab run "$tmp/stat.ini" --out "$tmp/stat"
expect 0 mlocklab locks --format json "$tmp/stat"
same "$(first class)" '&mapping->i_mmap_rwsem' 'the lock waited for longest, by lockstat'
same "$(first mode)" read 'and how'
expect 0 mlocklab locks "$tmp/stat"
grep -q '^ .*rmap_walk_file' "$out" || die 'the table does not tell who waited'
cat "$out"

exits debian:5.10 slowpath 32 4M >"$tmp/slow.ini"
expect 0 mlocklab run "$tmp/slow.ini" --out "$tmp/slow"
expect 0 mlocklab locks --format json "$tmp/slow"
same "$(first lock)" i_mmap_rwsem 'the lock waited for longest, by the slow path'

# Every lock taken is an event: little work, or perf loses most.
exits "$spec" perf 8 1M >"$tmp/perf.ini"
expect 0 mlocklab run "$tmp/perf.ini" --out "$tmp/perf"
expect 0 mlocklab locks "$tmp/perf"
grep -q '^ *&mapping->i_mmap' "$out" || die "perf's report does not name the lock"
echo "$checks checks, $spec"
