#!/bin/sh
# The real benchstat (golang.org/x/perf/cmd/benchstat) compares what --format gobench writes: one table a
# metric, both kernels in it. Debian has no package of it: where it is not on PATH this is skipped, and
# unit/write/export holds the file against the rules of its parser.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

command -v benchstat >/dev/null || skip 'no benchstat'

# tables FILE: no complaint, and each table has both arms
tables() {
	benchstat -col /arm "$1" >"$tmp/stat" 2>"$err" || die "benchstat: $(cat "$err")"
	[ ! -s "$err" ] || die "benchstat complains: $(head -n 3 "$err")"
	heads=$(grep -c ' │ ' "$tmp/stat")
	both=$(grep -c 'vs base' "$tmp/stat")
	same $((2 * both)) "$heads" 'lines of heads, two a table that compares'
}

expect 1 mlocklab compare --format gobench results/reference
cp "$out" "$tmp/go.txt"
tables "$tmp/go.txt"
grep -Eq '^ExitMlocked/procs=32/size=8M/lock=mlock  +2145\.6 ±  1%  +539\.4 ± 0%  +-74\.86% \(p=0\.000 n=10\)$' "$tmp/stat" ||
	die "the largest gain: $(grep 'procs=32/size=8M/lock=mlock' "$tmp/stat")"

# times, a boot of 0 ns, and arms whose names end in a number
sed 's|/arm=old/|/arm=v5.17~1/|; s|/arm=new/|/arm=v5.17~2/|; s/insn/sec/g; s/ [0-9.]* p99-sec/ 0 p99-sec/' "$tmp/go.txt" >"$tmp/odd.txt"
tables "$tmp/odd.txt"
echo "$both tables compare"
