#!/bin/sh
# The profiler on a guest whose every instruction is counted by hand (tests/guest/counted.S), and on a
# real kernel: there the totals are those of the unprofiled boot, and the same seed gives the same file.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

qemu="qemu-system-x86_64"
command -v "$qemu" >/dev/null || skip "no $qemu on PATH"

# --- a guest that is known to the instruction ---

${CC:-cc} -c -o "$tmp/guest.o" tests/guest/counted.S || die 'the guest does not assemble'
ld -N -Ttext=0xffffffff81000000 -e _text -o "$tmp/guest.elf" "$tmp/guest.o" 2>"$err" ||
	die "the guest does not link: $(cat "$err")"
objcopy -O binary "$tmp/guest.elf" "$tmp/guest"
nm "$tmp/guest.elf" >"$tmp/map"

# profiled API OUT [OPTION]: the guest under the plugin for that interface
profiled() {
	"$qemu" -accel tcg,thread=single -icount shift=0,sleep=off -cpu Nehalem-v1 -m 64 \
		-nodefaults -display none -no-reboot -kernel "$tmp/guest" \
		-plugin "file=build/plugin/profile-api$1.so,out=$2${3:-}" </dev/null
}

cat >"$tmp/expected" <<'END'
mlocklab-profile 1
cell 0
region 31
region 31
0 0 6 [user]
0 2 8 do_recursion
1 2 12 factorial
2 2 12 factorial
3 2 12 factorial
4 2 6 factorial
1 2 4 tail
1 2 2 tail_called
end
cell 1
region 34
0 0 11 [user]
0 1 3 asm_exc_page_fault
1 1 2 map_page
0 1 4 do_device
0 1 2 do_fault
1 1 4 touch
2 1 3 asm_exc_page_fault
3 1 2 map_page
0 1 3 do_unmap
end
cell 2
region 200021
0 0 3 [user]
0 1 3 do_wait
1 1 6 set_timer
1 1 200002 spin
2 1 4 asm_sysvec_timer
3 1 3 acknowledge
end
cell 3
region 37
strays 1
0 0 3 [user]
0 1 3 do_fork
1 1 5 make_child
1 1 5 parent_works
2 2 8 switch_to
0 0 1 ret_from_fork
1 1 4 child_works
2 2 8 switch_to
end
cell 4
end
cell 5
open
0 0 7 [user]
0 1 4 do_recursion
1 1 6 factorial
2 1 6 factorial
3 1 6 factorial
4 1 3 factorial
1 1 2 tail
1 1 1 tail_called
end
END

# The last two lines judge the symbols, and say that it is whole.
counts() {
	sed '/^symbols/,$d' "$1"
}

api=1
case $("$qemu" --version | sed -n 's/.*version \([0-9]*\.[0-9]*\).*/\1/p') in
9.0) api=2 ;;
9.* | 1[0-9].*) api=3 ;;
esac
expect 0 profiled $api "$tmp/first" ",symbols=$tmp/map"
expect 0 profiled $api "$tmp/second" ",symbols=$tmp/map"
cmp "$tmp/first" "$tmp/second" || die 'two boots, two profiles'
counts "$tmp/first" | diff "$tmp/expected" - || die 'the counts are not those worked out by hand'
grep -q '^symbols match$' "$tmp/first" || die 'the symbols do not pass for its own'
same "$(tail -n 1 "$tmp/first")" bye 'the last line'

# Symbols of another kernel, none at all, and files that are refused.
sed 's/\(ffffffff81000[0-9a-f]*\)0 T \([a-z]\)/\18 T \2/' "$tmp/map" >"$tmp/shifted"
expect 0 profiled $api "$tmp/out" ",symbols=$tmp/shifted"
grep -q '^symbols differ$' "$tmp/out" || die 'another kernel passes for this one'
expect 0 profiled $api "$tmp/out"
grep -q '^0 1 4 0xffffffff81000000$' "$tmp/out" || grep -q ' 0xffffffff81000000$' "$tmp/out" ||
	die 'without symbols there are no addresses'
same "$(grep -c '^region 31$' "$tmp/out")" 2 'regions without symbols'
echo 'ffffffffffffffff B The real System.map is elsewhere' >"$tmp/stub"
expect 1 profiled $api "$tmp/out" ",symbols=$tmp/stub"
says 'no symbol of kernel code'
sed 's/^ffffffff81/ffffffff9c/' "$tmp/map" >"$tmp/kaslr"
expect 1 profiled $api "$tmp/out" ",symbols=$tmp/kaslr"
says 'must be booted with nokaslr'
expect 1 profiled $api "$tmp/out" ",colour=blue"
says 'not colour=blue'
expect 1 profiled $((api == 1 ? 3 : 1)) "$tmp/out"
says 'API version'

# --- a real kernel, measured against itself ---

cat >"$tmp/experiment" <<'END'
[global]
target=icount
pairs=1
iterations=2
warmup=1
profile=yes
memory=512
[arm:a]
kernel=debian:6.1
[arm:b]
kernel=debian:6.1
[floor]
workload=null
[exit]
workload=exit-mlocked
procs=4
size=256K
END
expect 0 mlocklab run "$tmp/experiment" --out "$tmp/run"
cmp "$tmp/run/boots/003/profile.txt" "$tmp/run/boots/004/profile.txt" ||
	die 'the same kernel and seed, two profiles'
cmp "$tmp/run/boots/001/samples.jsonl" "$tmp/run/boots/003/samples.jsonl" ||
	die 'the profiler changed what it watched'
cell=exit-mlocked/procs=4,size=256K,lock=mlock
expect 0 mlocklab explain "$tmp/run" "$cell"
grep -q 'the whole, per page .* +0.00 ' "$out" || die 'a kernel differs from itself'
# The clock is read at both ends: what reading it once takes is all that the totals may differ by.
off=$(sed -n 's/^old: .* regions, +\([0-9]*\)\..*/\1/p' "$out")
[ -n "$off" ] && [ "$off" -le 120 ] || die "the total is $off instructions off"
grep -q 'exit_mmap' "$tmp/run/boots/003/profile.txt" || die 'no function of the exit has its name'
expect 0 mlocklab explain --format folded "$tmp/run" "$cell"
grep -q '^entry_SYSCALL_64_after_hwframe;do_syscall_64;.*;do_exit;.*exit_mmap' "$out" ||
	die 'the exit is not below its system call'
expect 0 mlocklab explain --format svg "$tmp/run" "$cell"
grep -q '<svg ' "$out" || die 'no picture'
expect 0 mlocklab explain --format csv "$tmp/run" "$cell"
expect 2 mlocklab explain "$tmp/run" exit-mlocked
says "has no cell 'exit-mlocked'; did you mean '$cell'?"
expect 2 mlocklab explain "$tmp/run" zzz
says "has no cell 'zzz': there are null, $cell"
expect 2 mlocklab explain --old nobody "$tmp/run"
says "has no arm 'nobody': there are a, b"
expect 0 mlocklab report "$tmp/run"
mlocklab explain "$tmp/run" >/dev/full 2>"$err"
same $? 2 'exit code of explain on a full disk'
grep -q 'Where the instructions went' "$tmp/run/report/index.html" || die 'the report has no profile'

# A profile that ends in the middle is shown as far as it goes, in a run of before there were sums.
sed -i 's/^  "format": 2,/  "format": 1,/' "$tmp/run/run.json"
sed -i 's/^  "files": {/  "older": true\n}/; T; q' "$tmp/run/boots/003/boot.json"
head -n 200 "$tmp/run/boots/003/profile.txt" >"$tmp/cut"
cp "$tmp/cut" "$tmp/run/boots/003/profile.txt"
expect 0 mlocklab explain "$tmp/run" "$cell"
grep -q 'ended before its profile did' "$out" || die 'a cut profile passes for a whole one'
echo 'what is this' >>"$tmp/run/boots/003/profile.txt"
expect 2 mlocklab explain "$tmp/run" "$cell"
says 'not a line of a profile'

sed 's/^target=icount/target=tcg/' "$tmp/experiment" >"$tmp/timed"
expect 2 mlocklab run "$tmp/timed" --out "$tmp/none"
says 'takes target=icount'

# Of three kernels the first two are explained, as compare compares them, and of the cells the one that
# moved most: of 6.1 and 5.10 the one that locks.
{
	printf '%s\n' '[global]' target=icount pairs=1 profile=1 iterations=1 warmup=0 memory=512
	printf '%s\n' '[arm:a]' kernel=debian:6.1 '[arm:b]' kernel=debian:5.10 '[arm:c]' kernel=debian:6.1
	printf '%s\n' '[exit]' workload=exit-mlocked procs=2 size=256K lock=none,mlock
} >"$tmp/three.ini"
expect 0 mlocklab run "$tmp/three.ini" --out "$tmp/three"
expect 0 mlocklab explain --format svg "$tmp/three"
says "of the 3 arms the first two, 'a' and 'b'"
cp "$out" "$tmp/first-two"
expect 0 mlocklab explain --format svg --old a --new b "$tmp/three"
cmp -s "$out" "$tmp/first-two" || die "without --old and --new others than the first two were explained"
says "of the 2 cells the one that moved most, 'exit-mlocked/procs=2,size=256K,lock=mlock'"
expect 0 mlocklab explain --old a --new b "$tmp/three"
[ "$(grep -c 'the whole, per page' "$out")" = 1 ] || die "not one cell: $(cat "$out")"
expect 0 mlocklab explain --old a --new b "$tmp/three" all
[ "$(grep -c 'the whole, per page' "$out")" = 2 ] || die "not both cells: $(cat "$out")"
expect 2 mlocklab explain --format svg "$tmp/three" all
says '--format svg is of one cell'

echo "$checks checks: 6 cells counted by hand, one kernel equal to itself"
