#!/bin/sh
# What a reader of stored files costs grows with their size and no faster, whatever is in them: of two files
# of a kind, one four times as large, memory is at most ten times the bytes and a constant, and CPU time grows
# at most as fast as they do (a square would be 16 times, and fails); or the larger is refused, with a message.
# The files mean harm: they are of what is small on disk and large in memory.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

# sanitizers keep books of all memory
[ "$libexec" = build/libexec ] || skip 'the programs have an allocator of their own'
constant=96 # MiB: the program, its libraries and what small files may take
run=$tmp/run

# head NAME MEMBER: the beginning of a run.json of one arm, which sums do not vouch for
head_of() {
	echo '{"format":1,"tool":"0","name":"x","created":"2026-01-01T00:00:00Z","status":"complete","seed":1,"pairs":1,'
	echo '"margin":0.01,"target":{"kind":"tcg","cpus":1,"nodes":1,"memory_mib":512},"host":{},"experiment":{},'
	echo '"arms":[{"name":"a","spec":"debian:6.1","release":"6.1"},{"name":"b","spec":"debian:6.1","release":"6.1"}],'
}

# plan CELLS BOOTS METRICS [KIND]: run.json of so many
plan() {
	rm -rf "$run"
	mkdir -p "$run/boots"
	{
		head_of
		echo '"workloads":[{"name":"w","metrics":['
		awk -v n="$3" 'BEGIN { for (i = 0; i < n; i++)
			printf "%s{%30s\"name\":\"m%d\",\"unit\":\"ns/op\",\"better\":\"lower\",\"time\":true}\n", i ? "," : "", "", i }'
		echo ']}],"cells":['
		awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++)
			printf "%s{%120s\"id\":\"w/n=%d\",\"workload\":\"w\",\"params\":{},\"control\":null,\"iterations\":1,\"warmup\":0}\n",
				i ? "," : "", "", i }'
		echo '],"boots":['
		awk -v n="$2" -v kind="${4:-timed}" 'BEGIN { for (i = 0; i < n; i++)
			printf "%s{%120s\"n\":%d,\"kind\":\"%s\",\"arm\":\"%s\",\"pair\":%d,\"seed\":%d}\n", i ? "," : "", "", i + 1, kind,
				i % 2 ? "b" : "a", i / 2, i }'
		echo ']}'
	} >"$run/run.json"
}

# boots FROM TO: they ended well, and wrote what stands on standard input
boot() {
	dir=$(printf '%s/boots/%03d' "$run" "$1")
	mkdir -p "$dir"
	echo "{\"n\":$1,\"outcome\":\"ok\",\"attempts\":${2:-1}}" >"$dir/boot.json"
	cat >"$dir/samples.jsonl"
}

record='"t":"sample","iter":0,"warmup":false,"outcome":"ok"'

cells_and_boots() { plan "$1" "$1" 1; }
metrics_of_cells() { plan "$1" 2 "$1"; }

objects() {
	plan 1 2 1
	awk -v n="$1" -v text="$what" 'BEGIN { printf "{\"x\":["
		for (i = 0; i < n; i++) printf "%s%s", i ? "," : "", text
		print "]," }' >"$run/new"
	tail -c +2 "$run/run.json" >>"$run/new"
	mv "$run/new" "$run/run.json"
}

attempts() {
	plan 1 "$1" 1
	n=1
	while [ $n -le "$1" ]; do
		echo "{$record,\"cell\":\"w/n=0\",\"elapsed_ns\":5,\"ops\":1}" | boot $n 1000
		n=$((n + 1))
	done
}

# one record of each cell, in a boot of its own
scattered() {
	plan "$1" "$1" 4
	n=1
	while [ $n -le "$1" ]; do
		echo "{$record,\"cell\":\"w/n=$((n - 1))\",\"elapsed_ns\":5,\"ops\":1}" | boot $n
		n=$((n + 1))
	done
}

# records LINES FORMAT: two boots of them
records() {
	plan 20 2 4
	for n in 1 2; do
		awk -v lines="$1" -v format="$2" -v n=$n 'BEGIN { for (i = 0; i < lines; i++) {
			line = format
			gsub(/@C/, "\"cell\":\"w/n=" i % 20 "\"", line)
			gsub(/@I/, i + n * 1000000, line)
			print line } }' | boot $n
	done
}

counters() {
	text='{"t":"sample","warmup":false,"outcome":"ok",@C,"iter":1,"elapsed_ns":50@I,"ops":10,"metrics":{"m0":50@I,"m1":7.25}'
	records "$1" "$text,\"vmstat\":{\"nr_mlock\":5,\"unevictable_pgs_munlocked\":512,\"pgmigrate_success\":0}}"
}
exponents() { records "$1" '{"t":"sample","outcome":"ok",@C,"iter":1,"elapsed_ns":5,"ops":1,"metrics":{"m0":1.5e3}}'; }
fresh() { records "$1" '{"t":"sample","outcome":"ok",@C,"iter":1,"elapsed_ns":5,"ops":1,"vmstat":{"c@I":1}}'; }
reasons() { records "$1" '{"t":"sample","outcome":"fail",@C,"iter":1,"reason":"because of @I"}'; }
bare() { records "$1" '{"t":"sample","outcome":"ok",@C,"iter":1}'; }

latencies() {
	plan 1 2 1
	for n in 1 2; do
		awk -v n="$1" -v head="{$record,\"cell\":\"w/n=0\",\"elapsed_ns\":5,\"ops\":1,\"latency_ns\":[1" 'BEGIN {
			printf "%s", head
			for (i = 0; i < n; i++) printf ",%d", i % 1000
			print "]}" }' | boot $n
	done
}

# messages ROUNDS CALLERS: CALLERS in the first, one in each of the others
messages() {
	plan 1 1 1 locks
	awk -v n="$1" -v r="$record" 'BEGIN { for (i = 0; i < n; i++) {
		line = "{" r ",\"cell\":\"w/n=0\",\"elapsed_ns\":5,\"ops\":1}"
		sub(/"iter":0/, "\"iter\":" i, line); print line } }' | boot 1
	awk -v n="$1" -v callers="$2" 'BEGIN { for (i = 0; i < n; i++) {
		printf "{\"t\":\"locks\",\"cell\":\"w/n=0\",\"backend\":\"slowpath\",\"iter\":%d,\"elapsed_ns\":5,\"workers\":1,\"rows\":[", i
		for (k = 0; k < (i ? 1 : callers); k++)
			printf "%s{\"lock\":%d,\"mode\":\"write\",\"caller\":\"f%d\",\"via\":\"g\",\"waits\":1,\"wait_ns\":1,\"longest_ns\":1}",
				k ? "," : "", k + 1, k
		print "]}" } }' >"$run/boots/001/events.jsonl"
}
rounds() { messages "$1" 5; }
callers() { messages "$1" "$1"; }

# profiled LINES: a tree of them; `what` says of which form
profiled() {
	plan 1 2 1 profile
	for n in 1 2; do
		echo "{$record,\"cell\":\"w/n=0\",\"elapsed_ns\":5,\"ops\":1}" | boot $n
		awk -v n="$1" -v what="$what" 'BEGIN { print "mlocklab-profile 1\ncell 0\nregion 5"
			print "0 1 1 root"
			for (i = 0; i < n; i++) {
				if (what == "deep") printf "%d 1 1 a\n", i < 4090 ? i + 1 : 4090
				if (what == "wide") printf "1 1 1 f%08d\n", i
				if (what == "own") printf "%d 3000 135000 some_function_of_%d\n", i % 12 + 1, i % 900 }
			print "end\nsymbols match\nbye" }' >"$run/boots/$(printf %03d $n)/profile.txt"
	done
	sed -i 's/"kind":"tcg"/"kind":"icount","ns_per_insn":1/' "$run/run.json"
}

experiment() {
	rm -rf "$run"
	mkdir -p "$run"
	{ small_experiment && awk -v n="$1" 'BEGIN { for (i = 0; i < n; i++) printf "k%d=1\n", i }'; } >"$run/x.ini"
}

# figures of one run in a catalogue, whose kernel has a long name
catalogue() {
	rm -rf "$tmp/results"
	mkdir -p "$tmp/results"
	cp -r "$tmp/whole" "$tmp/results/run"
	expect 0 mlocklab history --results "$tmp/results" elapsed
	sqlite3 "$tmp/results/catalogue.db" "UPDATE arm SET kernel = hex(zeroblob(30000));
		WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
		INSERT INTO figure SELECT run, arm, 'c' || i, workload, metric, unit, value, low, high, boots
		FROM n, (SELECT * FROM figure WHERE metric = 'elapsed' LIMIT 1)" || die 'sqlite3 failed'
	run=$tmp/results
}

# took COMMAND...: sets code, mib and ms
took() {
	build/measured "$tmp/took" timeout 300 "$@" >"$out" 2>"$err"
	code=$?
	read -r _ mib ms <"$tmp/took"
	[ "$code" -lt 124 ] || [ "$code" -gt 125 ] || die "$made of $size: it takes over five minutes"
	[ "$code" -le 4 ] || die "$made of $size: exit code $code"
	bytes=$(find "$run" -type f -exec cat {} + | wc -c)
	checks=$((checks + 1))
	[ "$mib" -le $((constant + 10 * bytes / 1048576)) ] ||
		die "$made of $size ($what): $mib MiB for $bytes bytes: $(head -n 1 "$err")"
}

# grows SIZE MAKE VERB...: the cost of reading what MAKE makes of SIZE, and of 4 * SIZE
grows() {
	size=$1 made=$2
	shift 2
	"$made" "$size"
	took "$@"
	bytes1=$bytes ms1=$ms code1=$code
	size=$((4 * size))
	"$made" "$size"
	took "$@"
	# what starting takes, and how a clock ticks, weigh where all is quick
	if [ "$code" = "$code1" ]; then
		[ "$ms" -le $((2 * ms1 * bytes / bytes1 + 150)) ] ||
			die "$made ($what): $bytes1 bytes take $ms1 ms, $bytes take $ms ms of CPU"
	else
		[ "$code" = 2 ] || [ "$code" = 1 ] || die "$made ($what): exit code $code"
	fi
	printf '%-18s %-12s %9d bytes %6d ms %5d MiB, code %d%s\n' "$made" "$what" "$bytes" "$ms" "$mib" "$code" \
		"$(sed -n '1s/^/: /p' "$err" | cut -c 1-150)"
}

what=fsck
grows 4000 cells_and_boots "$libexec/mlocklab-fsck" "$run"
grows 1000 metrics_of_cells "$libexec/mlocklab-fsck" "$run"
grows 300 attempts "$libexec/mlocklab-fsck" "$run"
grows 250 scattered "$libexec/mlocklab-fsck" "$run"
what=compare
grows 250 scattered "$libexec/mlocklab-compare" "$run"
for what in '{}' '[]' '""' 1 '{"a":1}' '{"a":{"b":{"c":[]}}}'; do
	grows 200000 objects "$libexec/mlocklab-compare" "$run"
done
what=compare
for made in counters exponents fresh reasons bare; do
	grows 6000 $made "$libexec/mlocklab-compare" "$run"
done
grows 400000 latencies "$libexec/mlocklab-compare" "$run"
what=locks
grows 5000 rounds "$libexec/mlocklab-locks" "$run"
grows 1500 callers "$libexec/mlocklab-locks" "$run"
for what in deep wide own; do
	grows 50000 profiled "$libexec/mlocklab-explain" "$run"
done
what=history
rm -rf "$tmp/whole" && records 5 "{$record,@C,\"elapsed_ns\":5@I,\"ops\":1}" && mv "$run" "$tmp/whole"
if command -v sqlite3 >/dev/null; then
	grows 300 catalogue "$libexec/mlocklab-history" --results "$tmp/results" elapsed
	run=$tmp/run
fi
what=run
grows 4000 experiment "$libexec/mlocklab-run" --show-command "$run/x.ini"

echo "$checks checks: at most ten times the bytes and $constant MiB, and time that grows with them"
