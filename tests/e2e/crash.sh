#!/bin/sh
# A program is killed, or refused, at one system call after another, in the manner of SQLite's crash tests.
# Of a small run: each time --resume (or the same command, where no run was there yet) brings it to its end,
# with every record once, nothing half written left over, and nothing that fsck finds. Of a report: the one
# before stays as it was until the new one is whole. Of a fetch: the cache holds the whole kernel or none.
# POINTS=N tries so many points of all there are, 0 all, spread evenly, after the first SKIP; `make check-crash`
# tries each.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

points=${POINTS:-16}
calls='openat write fsync fdatasync rename renameat mkdir unlink unlinkat ftruncate flock clone fchmod fchown'

command -v strace >/dev/null || skip 'needs strace'
strace -o /dev/null true 2>/dev/null || skip 'needs ptrace(2)'

{ small_experiment && printf '[arm:other]\nkernel=debian:6.1\n'; } >"$tmp/x.ini"
fast='--qemu tests/fake/qemu-fast --workers 1'
whole=$tmp/whole cache=$tmp/cache
chmod 711 "$tmp"
# shellcheck disable=SC2086 # two words
expect 0 mlocklab run "$tmp/x.ini" $fast --out "$whole"

# --- what is tried: NAME_try COMMAND... runs it under COMMAND, NAME_holds says whether all is well then ---

run_try() {
	rm -rf "$tmp/run"
	# shellcheck disable=SC2086
	"$@" "$libexec/mlocklab-run" "$tmp/x.ini" $fast --out "$tmp/run"
}

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

run_holds() {
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
			cmp -s "$tmp/run/boots/$n/samples.jsonl" "$whole/boots/$n/samples.jsonl" ||
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
}

report_try() {
	rm -rf "$tmp/reported"
	cp -r "$tmp/fresh" "$tmp/reported"
	"$@" "$libexec/mlocklab-report" "$tmp/reported"
}

# What it shows: its files, without what is unfinished
is_report() {
	diff -r -x .draft -x '*.tmp[0-9]*' "$tmp/reported/report" "$tmp/report" >"$tmp/diff"
}

report_holds() {
	[ "${what%=*}" = error ] || is_report || die "the report before is gone after $point: $(cat "$tmp/diff")"
	expect 0 mlocklab report "$tmp/reported"
	is_report || die "another report after $point: $(cat "$tmp/diff")"
	left=$(find "$tmp/reported" -name '*.tmp[0-9]*' -o -name .draft)
	[ -z "$left" ] || die "left over after $point: $left"
	mlocklab fsck "$tmp/reported" >"$out" 2>"$err" || die "fsck finds fault after $point"
}

fetch_try() {
	rm -rf "$cache"
	MLOCKLAB_CACHE="$cache" "$@" "$libexec/mlocklab-kernels" fetch "deb:$tmp/my.deb"
}

fetch_holds() {
	expect 0 env MLOCKLAB_CACHE="$cache" "$libexec/mlocklab-kernels" list
	if [ -d "$cache/kernels" ]; then
		for there in "$cache"/kernels/*; do
			[ ! -e "$there" ] || diff -r "$there" "$tmp"/fetched/kernels/*/ >"$tmp/diff" ||
				die "half a kernel is in the cache after $point: $(cat "$tmp/diff")"
		done
	fi
	expect 0 env MLOCKLAB_CACHE="$cache" "$libexec/mlocklab-kernels" fetch "deb:$tmp/my.deb"
	diff -r -x tmp "$cache" "$tmp/fetched" >"$tmp/diff" || die "another cache after $point: $(cat "$tmp/diff")"
	left=$(find "$cache/tmp" -mindepth 1 2>/dev/null)
	[ -z "$left" ] || die "left over after $point: $left"
}

# --- what they start from ---
expect 0 mlocklab kernels fetch debian:6.1
image=$(awk '{print $3}' "$out")
mkdir -p "$tmp/deb/DEBIAN" "$tmp/deb/boot" "$tmp/deb/lib/modules/6.1.0-x/kernel"
cp "$image" "$tmp/deb/boot/vmlinuz-6.1.0-x"
echo CONFIG_X=y >"$tmp/deb/boot/config-6.1.0-x"
printf '%s\n' 'Package: own' 'Version: 1' 'Architecture: amd64' 'Maintainer: x <x@y>' 'Description: x' >"$tmp/deb/DEBIAN/control"
dpkg-deb -Znone -b "$tmp/deb" "$tmp/my.deb" >/dev/null || die 'dpkg-deb failed'

# under the one name, which it tells
cp -r "$whole" "$tmp/reported"
expect 0 mlocklab report "$tmp/reported"
cp -r "$tmp/reported" "$tmp/fresh"
cp -r "$tmp/reported/report" "$tmp/report"

# Every point: a call, how often it has been made by then, and what happens to it. Of calls in a row on the same
# file (a copy of an image) the first, the one in the middle and the last stand for all.
points_of() {
	awk -v subject="$1" -v calls="$calls" '
	function try(n) {
		print subject, call, n, "signal=KILL"
		if (call == "openat")
			print subject, call, n, "error=EMFILE"
		else if (call == "clone")
			print subject, call, n, "error=EAGAIN"
		else if (call ~ /^(write|fsync|fdatasync|mkdir|rename|renameat|ftruncate)$/)
			print subject, call, n, "error=ENOSPC"
	}
	function row() {
		if (last) try(first)
		if (last - first > 1) try(int((first + last) / 2))
		if (last > first) try(last)
	}
	BEGIN { for (n = split(calls, names); n; n--) wanted[names[n]] = 1 }
	{
		now = substr($0, 1, index($0, "(") - 1)
		if (!(now in wanted)) next
		made[now]++
		file = now ~ /^(write|fsync|fdatasync|ftruncate|flock|fchmod|fchown)$/ ? substr($0, 1, index($0, ",")) : ""
		if (file == "" || file != before) {
			row()
			call = now
			first = made[now]
		}
		last = made[now]
		before = file
	}
	END { row() }' "$tmp/trace"
}

for subject in run report fetch; do
	"${subject}_try" strace -o "$tmp/trace" >"$tmp/said" 2>&1 || {
		cat "$tmp/said"
		die "$subject does not succeed undisturbed"
	}
	[ $subject != fetch ] || mv "$cache" "$tmp/fetched"
	points_of $subject
done >"$tmp/points"
all=$(wc -l <"$tmp/points" | tr -d ' ')
[ "$points" -gt 0 ] || points=$all

# in an order that mixes them, and is the same each time
awk '{ print NR * 7919 % 1000003, $0 }' "$tmp/points" | sort -n | cut -d ' ' -f 2- |
	tail -n +$((${SKIP:-0} + 1)) | head -n "$points" >"$tmp/chosen"
# always: that the run is complete cannot be written, a report that is killed at its list of files, and a fetch
# when the kernel is in its place and what it was made in is not gone
grep '^run fsync .*ENOSPC' "$tmp/points" | tail -n 1 >>"$tmp/chosen"
grep '^report write .*KILL' "$tmp/points" | tail -n 2 >>"$tmp/chosen"
at=$(grep '^openat(' "$tmp/trace" | grep -n '/\.unfinished", .*O_DIRECTORY' | tail -n 1 | cut -d : -f 1)
echo "fetch openat $at signal=KILL" >>"$tmp/chosen"
tried=0 killed=0 refused=0 ended=0
while read -r subject call at what; do
	"${subject}_try" strace -o /dev/null -e "trace=$call" -e "inject=$call:$what:when=$at" \
		>"$tmp/said" 2>&1 </dev/null
	code=$?
	point="$subject: $call $at $what"
	tried=$((tried + 1))
	case $code in
	137) killed=$((killed + 1)) ;;
	0) ended=$((ended + 1)) ;;
	2) refused=$((refused + 1)) ;;
	*) cat "$tmp/said" && die "exit code $code at $point" ;;
	esac
	echo "$code $point" >>"$tmp/outcomes"
	"${subject}_holds"
done <"$tmp/chosen" || exit 1

[ "$killed" -gt 0 ] || die 'no point killed the program: the test shows nothing'
for subject in run report fetch; do
	grep -q "$subject:" "$tmp/outcomes" || continue
	echo "$subject: $(grep -c "$subject:" "$tmp/outcomes") of $(grep -c "^$subject " "$tmp/points") points: killed" \
		"$(grep -c "^137 $subject:" "$tmp/outcomes"), refused $(grep -c "^2 $subject:" "$tmp/outcomes")," \
		"unharmed $(grep -c "^0 $subject:" "$tmp/outcomes")"
done
echo "$tried of $all points: killed $killed times, refused $refused, unharmed $ended"
