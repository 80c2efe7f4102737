#!/bin/sh
# The runner is killed, or refused, at one system call after another of a small run, in the manner of
# SQLite's crash tests: each time --resume (or the same command, where no run was there yet) brings it to
# its end, with every record once, nothing half written left over, and nothing that fsck finds.
# POINTS=N tries so many points of all there are, 0 all; `make check-crash` tries each.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

points=${POINTS:-16}
calls='openat write fsync fdatasync rename mkdir unlink ftruncate flock clone fchmod fchown'

command -v strace >/dev/null || skip 'needs strace'
strace -o /dev/null true 2>/dev/null || skip 'needs ptrace(2)'

{ small_experiment && printf '[arm:other]\nkernel=debian:6.1\n'; } >"$tmp/x.ini"
fast='--qemu tests/fake/qemu-fast --workers 1'

# shellcheck disable=SC2086 # two words
expect 0 mlocklab run "$tmp/x.ini" $fast --out "$tmp/whole"
# shellcheck disable=SC2086
strace -o "$tmp/trace" "$libexec/mlocklab-run" "$tmp/x.ini" $fast --out "$tmp/traced" >/dev/null 2>&1

# Every point: a call, how often it has been made by then, and what happens to it
for call in $calls; do
	made=$(grep -c "^$call(" "$tmp/trace")
	at=1
	while [ "$at" -le "$made" ]; do
		echo "$call $at signal=KILL"
		case $call in
		openat) echo "$call $at error=EMFILE" ;;
		write | fsync | fdatasync | mkdir | rename | ftruncate) echo "$call $at error=ENOSPC" ;;
		clone) echo "$call $at error=EAGAIN" ;;
		esac
		at=$((at + 1))
	done
done >"$tmp/points"
all=$(wc -l <"$tmp/points" | tr -d ' ')
[ "$points" -gt 0 ] || points=$all

again() {
	if [ -e "$tmp/run/run.json" ]; then
		set -- --resume "$tmp/run"
	else
		rm -rf "$tmp/run"
		set -- "$tmp/x.ini" --out "$tmp/run"
	fi
	# shellcheck disable=SC2086
	"$libexec/mlocklab-run" "$@" $fast >"$out" 2>"$err"
}

tried=0 killed=0 refused=0 ended=0
# in an order that mixes them, and is the same each time
awk '{ print NR * 7919 % 1000003, $0 }' "$tmp/points" | sort -n | cut -d ' ' -f 2- | head -n "$points" >"$tmp/chosen"
while read -r call at what; do
	rm -rf "$tmp/run"
	# shellcheck disable=SC2086
	strace -o /dev/null -e "trace=$call" -e "inject=$call:$what:when=$at" \
		"$libexec/mlocklab-run" "$tmp/x.ini" $fast --out "$tmp/run" >"$tmp/said" 2>&1 </dev/null
	code=$?
	point="$call $at $what"
	tried=$((tried + 1))
	case $code in
	137) killed=$((killed + 1)) ;;
	0) ended=$((ended + 1)) ;;
	2) refused=$((refused + 1)) ;;
	*) cat "$tmp/said" && die "exit code $code at $point" ;;
	esac
	if [ "$code" != 0 ]; then
		for try in 1 2 3; do
			again && break
			# a boot that failed on its own is part of the run
			[ "$(member "$tmp/run/run.json" status)" = complete ] && break
			[ $try -lt 3 ] || {
				cat "$tmp/said" "$err"
				die "it cannot be gone on with after $point"
			}
		done
	fi
	same "$(member "$tmp/run/run.json" status)" complete "the run after $point"
	for n in 001 002; do
		case $(member "$tmp/run/boots/$n/boot.json" outcome) in
		ok)
			cmp -s "$tmp/run/boots/$n/samples.jsonl" "$tmp/whole/boots/$n/samples.jsonl" ||
				die "boot $n is not as an undisturbed run has it, after $point"
			;;
		*) [ "${what%=*}" = error ] || die "boot $n failed after $point" ;;
		esac
	done
	left=$(find "$tmp/run" -name '*.tmp[0-9]*' -o -name initramfs.cpio)
	[ -z "$left" ] || die "left over after $point: $left"
	mlocklab fsck "$tmp/run" >"$out" 2>"$err" || {
		cat "$out" "$err"
		die "fsck finds fault after $point"
	}
done <"$tmp/chosen" || exit 1

[ "$killed" -gt 0 ] || die 'no point killed the runner: the test shows nothing'
echo "$tried of $all points: killed $killed times, refused $refused, unharmed $ended"
