#!/bin/sh
# What can go wrong goes wrong, in real runs: each time the boot is kept and told of, the rest of the
# run is finished, and nothing that was measured is lost.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

# background COMMAND...: starts it, leaving its pid in $job; what it says is in $err when it has ended
background() {
	"$@" >"$tmp/background" 2>&1 &
	job=$!
}

ends_with() {
	wait "$job"
	same $? "$1" "exit code of the run that was disturbed"
	cp "$tmp/background" "$err"
}

# The pid of the QEMU that the run $job started
qemu_of() {
	qemu=$(pgrep -P "$1" -f "/boots/001/")
	[ -n "$qemu" ]
}

# --- the guest ---

two_arms() {
	small_experiment
	echo '[arm:bad]'
	echo 'kernel=debian:5.10'
}

# Without a PID 1 and without a root file system a kernel panics.
{ two_arms && echo 'cmdline=rdinit=/nonexistent'; } >"$tmp/panic.ini"
expect 2 mlocklab run "$tmp/panic.ini" --out "$tmp/panic"
says '1 of 2 boots failed'
bad=$(grep -l '"arm": "bad"' "$tmp"/panic/boots/*/boot.json) good=$(grep -l '"arm": "only"' "$tmp"/panic/boots/*/boot.json)
same "$(member "$bad" outcome)" panic 'a guest that panics'
grep -q '"detail": "Kernel panic' "$bad" || die "the panic's own words are not told"
grep -q 'Kernel panic' "${bad%/*}/console.log" || die "the panic's console is not kept"
grep -q '"kind": "panic"' "$bad" || die 'the panic is no finding'
grep -q '"findings": \[\]' "$good" || die "findings in a boot that has none: $(grep -A 3 findings "$good")"
# printed at the level of a warning: WARNING and lockdep's reports come through, too
grep -q 'pci_bus.* Unknown NUMA node' "${good%/*}/console.log" || die 'the console keeps warnings back'
same "$(member "$good" outcome)" ok 'the boot beside it'
same "$(member "$tmp/panic/run.json" status)" complete 'the run'

# Without the mount that pipes live on, a workload that makes one oopses; the next is measured.
{
	small_experiment | sed '/^\[floor\]/,$d'
	printf 'cmdline=initcall_blacklist=init_pipe_fs\n[a]\nworkload=exit-mlocked\n[z]\nworkload=null\n'
} >"$tmp/oops.ini"
# but what measures the harness, which is no success
expect 2 mlocklab run "$tmp/oops.ini" --out "$tmp/oops"
same "$(outcome_of "$tmp/oops" 1)" ok 'a guest that goes on after an oops'
detail_of "$tmp/oops" 1 | grep -q '^exit-mlocked.* was killed by signal 9; BUG: kernel NULL pointer' ||
	die "the oops is not told: $(detail_of "$tmp/oops" 1)"
says 'BUG: kernel NULL pointer'
grep -A 2 '"kind": "oops"' "$tmp/oops/boots/001/boot.json" | grep -q 'BUG: kernel NULL pointer' || die 'the oops is no finding'
same "$(samples_of "$tmp/oops" 1)" 2 'samples of the cell after it'

# A guest that stands still
small_experiment 'watchdog=5' >"$tmp/hang.ini"
background "$libexec/mlocklab-run" "$tmp/hang.ini" --out "$tmp/hang"
wait_for 60 qemu_of "$job"
kill -STOP "$qemu"
ends_with 2
same "$(outcome_of "$tmp/hang" 1)" hang 'a guest that stands still'
same "$(detail_of "$tmp/hang" 1 | cut -d, -f1)" 'no message for 5 s' 'its detail'
! kill -0 "$qemu" 2>/dev/null || die 'its QEMU was left behind'

# A cell that does not end, by the guest's clock; the next one is measured all the same.
{
	small_experiment 'timeout=1' | sed '/^\[exit\]/,$d'
	printf '[a]\nworkload=exit-mlocked\nprocs=16\nsize=4M\niterations=100000\n[z]\nworkload=null\nwarmup=1\n'
} | sed '/^\[floor\]/,/^workload/d' >"$tmp/timeout.ini"
expect 0 mlocklab run "$tmp/timeout.ini" --out "$tmp/timeout"
same "$(outcome_of "$tmp/timeout" 1)" ok 'a boot with a cell that does not end'
says 'was killed by signal 9'
grep -q '"signal":9' "$tmp/timeout/boots/001/events.jsonl" || die 'the cell was not killed'
same "$(grep -c '"cell":"null"' "$tmp/timeout/boots/001/samples.jsonl")" 3 'samples of the cell after it'

# --- QEMU ---

small_experiment 'pairs=2' | sed '/^pairs=1/d' >"$tmp/killed.ini"
background "$libexec/mlocklab-run" "$tmp/killed.ini" --workers 1 --out "$tmp/killed"
wait_for 60 qemu_of "$job"
kill -KILL "$qemu"
ends_with 0
same "$(member "$tmp/killed/boots/001.failed-1/boot.json" outcome)" died 'a QEMU that is killed'
same "$(member "$tmp/killed/boots/001.failed-1/boot.json" detail)" 'it was killed by signal 9' 'its detail'
same "$(outcome_of "$tmp/killed" 1)" ok 'the second attempt'
same "$(outcome_of "$tmp/killed" 2)" ok 'the boot after it'

# Under multi-threaded emulation a guest that dies early is started again, and both are kept.
small_experiment 'cpus=2' | sed 's/^target=.*/target=tcg/; s/^memory=.*/memory=1024/' >"$tmp/retry.ini"
background "$libexec/mlocklab-run" "$tmp/retry.ini" --out "$tmp/retry"
wait_for 60 qemu_of "$job"
kill -KILL "$qemu"
ends_with 0
says 'trying again (attempt 2)'
same "$(outcome_of "$tmp/retry" 1)" ok 'the second attempt'
# such a guest may die by itself as well
attempts=$(member "$tmp/retry/boots/001/boot.json" attempts)
{ [ "$attempts" -ge 2 ] && [ "$attempts" -le 4 ]; } || die "attempts: $attempts"
same "$(member "$tmp/retry/boots/001.failed-1/boot.json" outcome)" died 'the first attempt'

small_experiment >"$tmp/small.ini"
expect 2 mlocklab run "$tmp/small.ini" --memory 1048576 --out "$tmp/refused"
same "$(outcome_of "$tmp/refused" 1)" launch 'a QEMU that refuses its arguments'
detail_of "$tmp/refused" 1 | grep -q memory || die "QEMU's own words are not told"

# sanitizers and valgrind reserve more addresses than that
if [ "$libexec" = build/libexec ]; then
	# shellcheck disable=SC2016 # the inner shell's
	expect 2 sh -c 'ulimit -v 300000; "$@"' sh "$libexec/mlocklab-run" "$tmp/small.ini" --out "$tmp/short"
	same "$(outcome_of "$tmp/short" 1)" launch 'memory too short for the guest'
fi

expect 2 mlocklab run "$tmp/small.ini" --qemu tests/fake/qemu-stay --out "$tmp/stay"
same "$(outcome_of "$tmp/stay" 1)" died 'a QEMU that closes its channel and stays'

# --- the channel and the console ---

faults='cut lost damaged doubled noise'
FAULTS=$faults expect 2 mlocklab run "$tmp/small.ini" --pairs 5 --workers 2 \
	--qemu tests/fake/qemu-filter --out "$tmp/channel"
says '5 of 5 boots failed'
boot=0
for fault in $faults; do
	boot=$((boot + 1))
	same "$(outcome_of "$tmp/channel" $boot)" cut "a channel with a record that is $fault"
	case $fault in
	cut) samples=1 ;;
	lost | damaged) samples=5 ;;
	*) samples=6 ;;
	esac
	same "$(samples_of "$tmp/channel" $boot)" $samples "records kept when one is $fault"
done
detail_of "$tmp/channel" 5 | grep -qx 'noise: hello  \[31m  %s%n' || die "noise is not shown as it was"

for fault in console records; do
	FAULT=$fault expect 2 mlocklab run "$tmp/small.ini" --qemu tests/fake/qemu-flood --out "$tmp/flood-$fault"
	same "$(outcome_of "$tmp/flood-$fault" 1)" hang "a flood of its $fault"
	[ "$(du -sm "$tmp/flood-$fault" | cut -f1)" -lt 1000 ] || die "the flood of $fault filled the disk"
	rm -rf "$tmp/flood-$fault"
done

# --- the directory ---

background "$libexec/mlocklab-run" "$tmp/small.ini" --out "$tmp/once"
first=$job
wait_for 60 test -e "$tmp/once/run.json"
expect 2 mlocklab run --resume "$tmp/once"
says "'$tmp/once' is being written by another mlocklab run"
expect 2 mlocklab run "$tmp/small.ini" --out "$tmp/once"
says "'$tmp/once' holds a run already"
job=$first
ends_with 0
same "$(samples_of "$tmp/once" 1)" 6 'samples of the run that was there first'

# --- the clock: someone steps it by twenty years every second; durations and time limits go on ---

# a sanitizer's library must come before any other
if [ "$libexec" = build/libexec ]; then
	expect 0 env LD_PRELOAD="$PWD/build/clock-step.so" "$libexec/mlocklab-run" "$tmp/small.ini" --out "$tmp/clock"
	cmp "$tmp/clock/boots/001/samples.jsonl" "$tmp/once/boots/001/samples.jsonl" || die "its samples differ"
	created=$(member "$tmp/clock/run.json" created)
	case $created in
	"$(date -u +%Y)"-*) die "the clock was not stepped: $created" ;;
	20[0-9][0-9]-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9]Z) ;;
	*) die "the run was created at '$created'" ;;
	esac
	for member in wall_seconds ready_seconds; do
		member "$tmp/clock/boots/001/boot.json" $member | awk '{ exit !($1 > 0 && $1 < 600) }' ||
			die "$member is $(member "$tmp/clock/boots/001/boot.json" $member)"
	done
	expect 0 mlocklab history --results "$tmp" exit
	grep -q "${created%T*}" "$out" || die "the catalogue does not list the run of $created"
	checks=$((checks + 4))
fi

if ! own_mounts true 2>/dev/null; then
	echo "$checks checks; a full disk and a read-only one need mounts of their own (unshare -rm)"
	exit 0
fi

# shellcheck disable=SC2016 # all of it is the inner shell's
expect 0 own_mounts sh -c '
	run=$1 out=$2 reference=$3
	shift 3
	fail() { echo "FAIL: $*" >&2; exit 1; }

	mkdir "$out" && mount -t tmpfs -o size=64m tmpfs "$out" || fail "no tmpfs"
	# no sample comes before the disk is full
	export FAULTS=wait GO="$out/../go"
	"$run" "$@" --out "$out/full" 2>"$out/../full.err" &
	until grep -q hello "$out/full/boots/001/events.jsonl" 2>/dev/null; do
		kill -0 $! 2>/dev/null || fail "it ended: $(cat "$out/../full.err")"
		sleep 0.1
	done
	dd if=/dev/zero of="$out/filler" bs=4k 2>/dev/null
	touch "$GO"
	wait $!
	[ $? = 2 ] || fail "a full disk went unnoticed"
	cat "$out/../full.err" >&2
	grep -q "cannot store the records of boot 1.*No space left" "$out/../full.err" || fail "no word of it"
	[ ! -e "$out/full/boots/001/boot.json" ] || fail "the boot counts as done"

	# the QEMU behind the filter may have its console open for a moment longer
	for i in $(seq 100); do
		mount -o remount,ro "$out" 2>/dev/null && break
		sleep 0.1
	done
	"$run" --resume "$out/full" --qemu tests/fake/qemu-filter 2>"$out/../ro.err" && fail "a read-only run was gone on with"
	grep -q "Read-only file system" "$out/../ro.err" || fail "no word of read-only"
	"$run" "$@" --out "$out/other" 2>"$out/../ro.err" && fail "a run began in a read-only directory"
	grep -q "cannot create directory .*/other.: Read-only file system" "$out/../ro.err" || fail "no word of it"
	mount -o remount,rw "$out"

	rm "$out/filler"
	"$run" --resume "$out/full" --qemu tests/fake/qemu-filter || fail "it does not go on once there is room"
	cmp "$out/full/boots/001/samples.jsonl" "$reference" || fail "its samples differ"
' sh "$libexec/mlocklab-run" "$tmp/disk" "$tmp/once/boots/001/samples.jsonl" "$tmp/small.ini" \
	--qemu tests/fake/qemu-filter

echo "$checks checks"
