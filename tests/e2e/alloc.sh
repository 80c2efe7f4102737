#!/bin/sh
# A program that is short of memory ends with a message and no half file: one allocation fails, each time
# another one. POINTS=N: so many of each program's, spread over its life, and its first ones.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

# sanitizers bring an allocator of their own
[ "$libexec" = build/libexec ] || skip 'the programs have an allocator of their own'
points=${POINTS:-12}
fail=$PWD/build/fail-alloc.so
failed=0

# program NAME COMMAND...: what it says when nothing fails, and how many allocations that takes
program() {
	what=$1
	shift
	FAIL_ALLOC=0 LD_PRELOAD=$fail "$@" >"$tmp/good" 2>"$tmp/good-err" 9>"$tmp/count"
	good=$?
	count=$(cat "$tmp/count")
	[ "${count:-0}" -gt 50 ] || die "$what: $count allocations: $(cat "$tmp/good-err")"
}

# short_of N COMMAND...: its allocation number N fails
short_of() {
	n=$1
	shift
	FAIL_ALLOC=$n LD_PRELOAD=$fail "$@" >"$out" 2>"$err"
	code=$?
	checks=$((checks + 1))
	# some library does without
	[ "$code" = "$good" ] && cmp -s "$out" "$tmp/good" && return
	failed=$((failed + 1))
	[ "$code" = 2 ] || die "$what: exit code $code where allocation $n of $count fails: $(cat "$err")"
	[ -s "$err" ] || die "$what: no message where allocation $n of $count fails"
}

# each COMMAND...: at its first allocations, where files are opened and options read, and all along
each() {
	program "$@"
	shift
	for at in $(awk -v n="$count" -v p="$points" 'BEGIN {
		for (i = 1; i <= p / 2; i++) print i * 2
		for (i = 0; i < p; i++) print 1 + int((i + 0.5) * n / p) }'); do
		short_of "$at" "$@"
	done
}

chmod 711 "$tmp"
small_experiment >"$tmp/x.ini"
sed 's/^pairs=.*/pairs=6/; s/^\[arm:only\]/[arm:old]/; $a [arm:new]\nkernel=debian:5.10' "$tmp/x.ini" >"$tmp/ab.ini"
run=$tmp/run
expect 0 mlocklab run "$tmp/ab.ini" --qemu tests/fake/qemu-fast --workers 2 --out "$run"

each 'compare' "$libexec/mlocklab-compare" "$run"
each 'compare, as JSON' "$libexec/mlocklab-compare" --format json "$run"
each 'fsck' "$libexec/mlocklab-fsck" "$run"
each 'an experiment' "$libexec/mlocklab-run" "$tmp/ab.ini" --qemu tests/fake/qemu-fast --show-command

# What measures: whole records of all iterations, or none and a message. As a guest has it, it is static, which
# nothing can be preloaded into: this is the same, linked to what it shares.
bench="build/mlockbench-dynamic run exit-mlocked procs=2 size=256K --iterations 2 --warmup 0"
# shellcheck disable=SC2086 # words
program mlockbench $bench
for at in $(awk -v n="$count" -v p="$points" 'BEGIN { for (i = 0; i < p; i++) print 1 + int((i + 0.5) * n / p) }'); do
	# shellcheck disable=SC2086
	FAIL_ALLOC=$at LD_PRELOAD=$fail $bench >"$out" 2>"$err"
	code=$?
	checks=$((checks + 1))
	case $code in
	0) same "$(grep -c '"outcome":"ok"' "$out")" 2 "records where allocation $at of $count fails" ;;
	2) failed=$((failed + 1)) && grep -q 'out of memory' "$err" || die "mlockbench says: $(cat "$err")" ;;
	*) die "mlockbench: exit code $code where allocation $at of $count fails: $(cat "$err")" ;;
	esac
done

# GSL ends a program that is short of memory with abort(): it works in memory of ours
! grep -rnE 'gsl_[a-z0-9_]*_(m|c)?alloc\b' analysis --include='*.[ch]' || die 'GSL allocates'

# The report is made whole or not at all; what was there stays
expect 0 mlocklab report "$run"
cp -r "$run/report" "$tmp/report"
program report "$libexec/mlocklab-report" "$run"
for at in $(awk -v n="$count" -v p="$((points / 2))" 'BEGIN { for (i = 0; i < p; i++) print 1 + int((i + 0.5) * n / p) }'); do
	short_of "$at" "$libexec/mlocklab-report" "$run"
	diff -r -x .draft "$run/report" "$tmp/report" >"$tmp/diff" || die "another report where allocation $at fails: $(cut -c 1-200 "$tmp/diff" | head -n 3)"
done
expect 0 mlocklab report "$run"
same "$(find "$run" -name '*.tmp*' -o -name .draft | wc -l)" 0 'unfinished files after the next report'

# What is measured is never half there: the run is gone on with to its end, or was never begun
program run "$libexec/mlocklab-run" "$tmp/x.ini" --qemu tests/fake/qemu-fast --out "$tmp/whole"
for at in $(awk -v n="$count" -v p="$((points / 2))" 'BEGIN { for (i = 0; i < p; i++) print 1 + int((i + 0.5) * n / p) }'); do
	part=$tmp/part-$at
	FAIL_ALLOC=$at LD_PRELOAD=$fail "$libexec/mlocklab-run" "$tmp/x.ini" --qemu tests/fake/qemu-fast --out "$part" >"$out" 2>"$err"
	code=$?
	[ "$code" = 0 ] || [ "$code" = 2 ] || die "run: exit code $code where allocation $at of $count fails: $(cat "$err")"
	[ -s "$err" ] || die "run: no message where allocation $at of $count fails"
	[ ! -e "$part/run.json" ] || expect 0 mlocklab run --resume "$part" --qemu tests/fake/qemu-fast
	[ ! -e "$part/run.json" ] || expect 0 mlocklab fsck "$part"
done

[ "$failed" -gt "$points" ] || die "only $failed of $checks programs were short of memory"
echo "$checks checks, $failed programs ended for want of memory"
