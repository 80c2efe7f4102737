#!/bin/sh
# Boots of a run record who waits for which lock: on 5.10 the exit of processes that mlocked one file
# waits for its i_mmap_rwsem, in the functions that the reverse map's users are known by.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

contended() {
	cat <<-'EOF'
		[global]
		target=tcg
		cpus=4
		memory=1024
		pairs=1
		iterations=4
		warmup=0
		locks=slowpath
		[arm:old]
		kernel=debian:5.10
		[arm:new]
		kernel=debian:6.1
		[floor]
		workload=null
		[exit]
		workload=exit-mlocked
		procs=16
		size=4M
	EOF
}

# The number that a line of the JSON gives a member, of the arm's exit cell, summed over its lines
total() {
	sed -n "/\"cell\": \"exit-mlocked/,/^  }/p" "$out" |
		awk -v arm="$1" -v caller="$2" -F'[:,]' '
			/"arm"/ { here = index($2, "\"" arm "\"") }
			/"caller"/ { mine = here && index($2, "\"" caller "\"") }
			/"rounds_waits"/ { inside = mine; next }
			/\]/ { inside = 0 }
			inside { sum += $1 }
			END { print sum + 0 }'
}

contended >"$tmp/e.ini"
expect 0 mlocklab run "$tmp/e.ini" --out "$tmp/run"
same "$(grep -c '"kind": "locks"' "$tmp/run/run.json")" 2 'boots that record'

expect 0 mlocklab locks --format json "$tmp/run"
[ "$(total old rmap_walk_file)" -gt 0 ] || die 'no waiting in rmap_walk_file on 5.10'
[ "$(total old unlink_file_vma)" -gt 0 ] || die 'no waiting in unlink_file_vma on 5.10'
# The walk of all mappings for each page is what 5.18 did away with.
same "$(total new rmap_walk_file)" 0 'waits in rmap_walk_file on 6.1'
waits=$(total old rmap_walk_file)

expect 0 mlocklab locks "$tmp/run"
grep -q '^ R rmap_walk_file < try_to_munlock' "$out" || die 'the table does not tell the read side'
grep -q '^ W unlink_file_vma' "$out" || die 'the table does not tell the write side'
! awk 'length > 75' "$out" | grep -q . || die 'the table is wider than 75 columns'
! grep -q 'INCOMPLETE' "$out" || die 'events were lost'

# Another instrument sees the same.
contended | sed '/^\[arm:new\]/,/^kernel/d; s/^locks=.*/locks=bpf/' >"$tmp/bpf.ini"
expect 0 mlocklab run "$tmp/bpf.ini" --out "$tmp/bpf"
expect 0 mlocklab locks --format json "$tmp/bpf"
[ "$(total old rmap_walk_file)" -gt 0 ] || die 'bpf sees no waiting in rmap_walk_file on 5.10'
[ "$(total old unlink_file_vma)" -gt 0 ] || die 'bpf sees no waiting in unlink_file_vma on 5.10'

# perf's own word is kept as it is.
contended | sed '/^\[arm:old\]/,/^kernel/d; s/^locks=.*/locks=perf/' >"$tmp/perf.ini"
expect 0 mlocklab run "$tmp/perf.ini" --out "$tmp/perf"
expect 0 mlocklab locks "$tmp/perf"
grep -q '^ *contended  *total wait' "$out" || die 'no table of perf, of 6.1'

# A kernel without an instrument says which it would take.
contended | sed '/^\[arm:old\]/,/^kernel/d; s/^locks=.*/locks=lockstat/' >"$tmp/stat.ini"
expect 0 mlocklab run "$tmp/stat.ini" --out "$tmp/stat"
expect 0 mlocklab locks "$tmp/stat"
grep -q 'CONFIG_LOCK_STAT' "$out" || die 'a kernel without lock statistics does not say so'

# Times are compared of uninstrumented boots only.
expect 0 mlocklab compare --unpaired "$tmp/run"
expect 0 mlocklab report "$tmp/run"
mlocklab locks "$tmp/run" >/dev/full 2>"$err"
same $? 2 'exit code of locks on a full disk'
grep -q 'Who waited for which lock' "$tmp/run/report/index.html" || die 'the report does not tell'
# Rounds of one boot are not independent: a spread is that of boots, of which there is one a kernel.
grep -q 'waiting for i_mmap_rwsem took .*% (1 boot: .*% (1 boot: ' "$tmp/run/report/index.html" ||
	die 'its sentence on the share of waiting does not tell of boots'

# Where a kernel cannot record, the reason is told, and the boot is none the worse.
contended | sed '/^\[arm:new\]/,/^kernel/d; s/^kernel=.*/&\ncmdline=lockdown=confidentiality/' >"$tmp/deny.ini"
expect 0 mlocklab run "$tmp/deny.ini" --out "$tmp/deny"
expect 0 mlocklab locks "$tmp/deny"
grep -q 'Not recorded: ' "$out" || die 'it does not tell why nothing was recorded'
sed -i 's/^locks=.*/locks=guesswork/' "$tmp/deny.ini"
expect 2 mlocklab run "$tmp/deny.ini" --out "$tmp/none"
says 'locks=guesswork: one of'
expect 2 mlocklab locks "$tmp"
echo "$waits waits in rmap_walk_file on 5.10, none on 6.1"
