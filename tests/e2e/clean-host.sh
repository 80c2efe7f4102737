#!/bin/sh
# A run on this machine says what it will change, changes that and nothing else, and leaves it as it
# was: at its end, when it is stopped or killed, and, where all of it was killed, once the next starts.
# alone: it measures this machine
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

pool=/sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages
[ "$(id -u)" = 0 ] || skip 'only root can change settings'
[ -e "$pool" ] || skip 'needs hugetlb with pages of 2 MiB'
old=$(cat "$pool")
sh -c 'echo "$1" >"$2"' sh "$old" "$pool" 2>/dev/null || skip "settings cannot be changed here: $pool is read-only"

# its own, so that no other run on this machine is in the way
export MLOCKLAB_CACHE="$tmp/cache"
export MLOCKLAB_STATE="$tmp/state"
mkdir "$MLOCKLAB_STATE"
journal=$MLOCKLAB_STATE/host.journal lock=$MLOCKLAB_STATE/mlocklab-host

# experiment ROUNDS: one cell that has the machine's pool of huge pages changed as long as it runs
experiment() {
	printf '%s\n' '[global]' target=host pairs=1 iterations=1 warmup=0 settle=1 \
		'[pool]' workload=hugetlb-fault-fork pages=3 "rounds=$1" >"$tmp/x.ini"
}

# The settings of memory management; what only counts is left out, for the machine lives on.
settings() {
	find /sys/kernel/mm /sys/devices/system/node/node*/hugepages /proc/sys/vm /proc/sys/kernel/printk \
		-type f -perm -u+w ! -name stat_refresh -exec grep -H . {} + 2>/dev/null
	find /sys/fs/cgroup -maxdepth 2 -name 'mlockbench*'
	cat /sys/fs/cgroup/cgroup.subtree_control 2>/dev/null
	cat /proc/swaps
}

changed() {
	[ "$(cat "$pool")" != "$old" ]
}

back() {
	[ "$(cat "$pool")" = "$old" ]
}

same_as_before() {
	settings >"$tmp/after"
	diff "$tmp/before" "$tmp/after" >"$tmp/diff" || {
		cat "$tmp/diff"
		die "not as it was, after $1"
	}
	checks=$((checks + 1))
}

# The last process of a run that ends lets go of the journal.
nobody_left() {
	flock -n "$lock" true && flock -n "$journal" true
}

# A run in the middle of its cell; $job is its pid.
start() {
	rm -rf "$tmp/run"
	"$libexec/mlocklab-run" "$tmp/x.ini" --out "$tmp/run" >"$out" 2>"$err" &
	job=$!
	wait_for 60 changed
}

settings >"$tmp/before"

experiment 16
expect 0 mlocklab run "$tmp/x.ini" --show-command
grep -q '^# changed while a cell runs, and put back: /sys/.*/nr_hugepages$' "$out" || die 'it does not say what it would change'
expect 0 mlocklab run "$tmp/x.ini" --out "$tmp/run"
says 'changed while a cell runs, and put back: /sys/devices/system/node/node*/hugepages/hugepages-2048kB/nr_hugepages'
same "$(outcome_of "$tmp/run" 1)" ok 'the session'
grep -q '"outcome":"ok"' "$tmp/run/boots/001/samples.jsonl" || die 'the cell was not measured'
same_as_before 'its end'

experiment 1000000
start
settings >"$tmp/during"
diff "$tmp/before" "$tmp/during" | grep '^[<>]' | grep -v "nr_hugepages\|nr_overcommit\|resv_huge" >"$tmp/diff"
[ ! -s "$tmp/diff" ] || die "it changed more than it said: $(cat "$tmp/diff")"
expect 2 env MLOCKLAB_CACHE="$tmp/another" "$libexec/mlocklab-run" "$tmp/x.ini" --out "$tmp/other"
says "another run measures this machine: it holds '$lock'"
[ ! -e "$tmp/other" ] || die 'a second run began beside the first'

for signal in INT TERM; do
	[ $signal = INT ] || start
	kill -$signal "$job"
	wait "$job"
	same $? 2 "exit code after SIG$signal"
	same_as_before "SIG$signal"
	wait_for 10 nobody_left
done

# A cell that does not end in time
experiment 1000000
sed -i 's/^settle=1/&\ntimeout=2/' "$tmp/x.ini"
rm -rf "$tmp/run"
expect 2 mlocklab run "$tmp/x.ini" --out "$tmp/run"
says 'was killed by signal 9'
same_as_before 'a cell that was killed'

# The runner alone is killed: the session ends with it.
experiment 1000000
start
kill -KILL "$job"
wait_for 10 back
wait_for 10 nobody_left
same_as_before 'the death of the runner'

# All of it
start
session=$(pgrep -P "$job") cell=$(pgrep -P "$session")
kill -KILL "$job" "$session" "$cell"
wait "$job"
wait_for 10 nobody_left
changed || die 'the pool was put back with nobody there to do it: the test shows nothing'
grep -q "^write $pool	$old\$" "$journal" || die 'the journal does not say how to put it back'
experiment 16
rm -rf "$tmp/run"
expect 0 mlocklab run "$tmp/x.ini" --out "$tmp/run"
says "$pool is '$old' again, which a run that was killed had changed"
same_as_before 'the next run'

echo "$checks checks: settings as they were after an end, SIGINT, SIGTERM, a timeout and two SIGKILLs"
