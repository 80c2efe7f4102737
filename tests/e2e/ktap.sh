#!/bin/sh
# run --ktap: what the workloads of a boot verified, as kernel CI reads it, and what did not come to
# an end.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

{
	# the cell is to take too long, not the guest on a machine that has much to do
	small_experiment timeout=1 watchdog=900
	printf '[wrong]\nworkload=mlocked-accuracy\nprocs=2\nsize=64K\ndisturb=pin\n'
	printf '[much]\nworkload=lru-add\nsize=8G\n'
	printf '[long]\nworkload=lru-add\nsize=256M\niterations=1000\n'
} >"$tmp/x.ini"
expect 1 mlocklab run "$tmp/x.ini" --out "$tmp/run" --ktap
cp "$out" "$tmp/ktap"

# line PATTERN: exactly one line is that
line() {
	same "$(grep -cx -e "$1" "$tmp/ktap")" 1 "lines '$1' in $(cat "$tmp/ktap")"
}
same "$(sed -n 1,4p "$tmp/ktap" | tr '\n' '|')" 'KTAP version 1|1..1|  KTAP version 1|  1..6|' 'its head'
line '  ok 1 null'
line '  ok 2 exit-mlocked/procs=2,size=256K,lock=mlock'
line '  ok 3 exit-mlocked/procs=2,size=256K,lock=none'
# 6.1 does count them wrongly: a figure, that of patch 06 of the rework, and no failure of ours
line '  # iteration 1: error 16'
line '  ok 4 mlocked-accuracy/procs=2,size=64K,disturb=pin,ahead=0,lock=mlock'
line '  ok 5 lru-add/procs=1,size=8G # SKIP needs .* KiB of memory, there are .*'
line '  # [1-9] of 1000 iterations are recorded'
line '  not ok 6 lru-add/procs=1,size=256M'
line 'not ok 1 boot 1, only, debian:6.1'
same "$(tail -n 1 "$tmp/ktap")" "# $tmp/run" 'its last line'

# Each plan is kept: one test line a cell and a boot
same "$(grep -c '^  \(not \)\{0,1\}ok [1-6] ' "$tmp/ktap")" 6 'tests in the boot'

# A boot that never was fails, with all of its cells
sed -i '/^\[much\]/,$d; s/^timeout=1$/cmdline=rdinit=\/none/' "$tmp/x.ini"
expect 2 mlocklab run "$tmp/x.ini" --out "$tmp/none" --ktap
same "$(grep -c '^  # 0 of 2 iterations are recorded$' "$out")" 4 'cells without a record'
grep -qx '# panic: .*' "$out" || die "no word of the panic: $(cat "$out")"
grep -qx 'not ok 1 boot 1, only, debian:6.1' "$out" || die 'a boot that panicked is ok'

# A verb that reads what run prints takes no other form of it
expect 2 mlocklab ab --ktap
says "--ktap is an option of 'mlocklab run'"
expect 125 mlocklab gate --ktap
says "--ktap is an option of 'mlocklab run'"

# All is well: exit code 0
sed -i '/^cmdline=/d' "$tmp/x.ini"
expect 0 mlocklab run "$tmp/x.ini" --out "$tmp/well" --ktap
same "$(grep -c 'not ok' "$out")" 0 'failures where all is well'
echo "$checks checks"
