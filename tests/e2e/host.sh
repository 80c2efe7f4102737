#!/bin/sh
# The kernel this machine runs, as it is booted: measured by root and by nobody, with what is missing
# skipped and said.
# alone: it measures this machine
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"
export MLOCKLAB_STATE="$tmp/state"
mkdir -m 777 "$MLOCKLAB_STATE"

# its own, so that no other run on this machine is in the way
export MLOCKLAB_CACHE="$tmp/cache"

cat >"$tmp/x.ini" <<'EOF'
[global]
target=host
pairs=1
iterations=2
warmup=0
settle=3
[exit]
workload=exit-mlocked
procs=4
size=2M
lock=mlock,none
[nodes]
workload=migrate-mlocked
[beside]
workload=exit-mlocked
procs=2
size=256K
lock=none
background=fio:jobs/stream.fio
EOF
mkdir "$tmp/jobs" && cp configs/background/stream.fio "$tmp/jobs/stream.fio"

# More memory than there is: only where it is sure not to be there
available=$(awk '/^MemAvailable:/ { print int($2 / 1048576) }' /proc/meminfo)
[ "$available" -ge 40 ] || printf '[much]\nworkload=exit-mlocked\nprocs=1024\nsize=16G\n' >>"$tmp/x.ini"

# checked RUN CELL OUTCOME: an iteration of it came to that. Not each: others may lock memory here.
checked() {
	grep -F "\"cell\":\"$2" "$1/boots/001/samples.jsonl" | grep -q "\"outcome\":\"$3\"" || {
		cat "$1/boots/001/samples.jsonl"
		die "$2 is not $3"
	}
	checks=$((checks + 1))
}

# The reason a cell was skipped for
reason() {
	grep -F "\"cell\":\"$2" "$1/boots/001/samples.jsonl" | sed -n 's/.*"reason":"\([^"]*\)".*/\1/p' | head -n 1
}

nodes=$(find /sys/devices/system/node -maxdepth 1 -name 'node[0-9]*' 2>/dev/null | wc -l)

expect 0 mlocklab run "$tmp/x.ini" --show-command
grep -q 'no QEMU: the workloads run on this machine' "$out" || die '--show-command does not say so'
expect 0 mlocklab run "$tmp/x.ini" --out "$tmp/run" --workers 4
says 'one boot at a time on this machine, not 4'
same "$(outcome_of "$tmp/run" 1)" ok 'the session'
same "$(sed -n 's/^ *"release": "\(.*\)",\{0,1\}$/\1/p' "$tmp/run/boots/001/boot.json" | head -n 1)" "$(uname -r)" 'its kernel'
same "$(member "$tmp/run/boots/001/boot.json" boot_id)" "$(cat /proc/sys/kernel/random/boot_id)" 'the boot of the machine'
same "$(sed -n 's/^ *"uts_version": "\(.*\)",$/\1/p' "$tmp/run/run.json")" "$(uname -v)" 'its version'
same "$(sed -n '/^ *"target": {/,/}/ s/^ *"nodes": \([0-9]*\),$/\1/p' "$tmp/run/run.json")" "$(find /sys/devices/system/node -maxdepth 1 -name 'node[0-9]*' | wc -l)" 'its nodes'
same "$(member "$tmp/run/run.json" memory_mib)" "$(getconf _PHYS_PAGES | awk -v size="$(getconf PAGESIZE)" '{ print int($1 * size / 1048576) }')" 'its memory'

grep -q '"disturbing": {' "$tmp/run/run.json" || die 'nothing of what disturbs the machine'
# and of each boot what it was then
sed -n '/^ *"disturbing": {/,/}/p' "$tmp/run/boots/001/boot.json" >"$tmp/disturbing"
same "$(member "$tmp/disturbing" clocksource)" "$(cat /sys/devices/system/clocksource/clocksource0/current_clocksource)" \
	'the clock source of the boot'

# It can be measured again, and gone on with on this machine alone
expect 0 mlocklab repeat "$tmp/run" --cell exit-mlocked/procs=4,size=2M,lock=none --out "$tmp/again"
mv "$tmp/again/boots/001" "$tmp/first"
expect 2 setarch i686 "$libexec/mlocklab-run" --resume "$tmp/again"
says "'$tmp/again' was begun on a host whose machine is 'x86_64', and here it is 'i686'"
[ ! -e "$tmp/run/boots/001/initramfs.cpio" ] || die 'a guest was made for the host'
checked "$tmp/run" exit-mlocked/procs=4,size=2M,lock=none ok
[ "$(id -u)" != 0 ] || checked "$tmp/run" exit-mlocked/procs=4,size=2M,lock=mlock ok
checked "$tmp/run" exit-mlocked/procs=2,size=256K,lock=none,background=fio:jobs/stream.fio ok
[ -e "$tmp/run/boots/001/jobs/stream.fio" ] || die 'the job file of the background is not in the boot'
if [ "$available" -lt 40 ]; then
	checked "$tmp/run" exit-mlocked/procs=1024,size=16G skip
	reason "$tmp/run" exit-mlocked/procs=1024,size=16G | grep -q '^needs [0-9]* KiB of ' ||
		die 'no word of what is missing'
fi
if [ "$nodes" -lt 2 ]; then
	checked "$tmp/run" migrate-mlocked skip
	same "$(reason "$tmp/run" migrate-mlocked)" 'needs 2 NUMA nodes with memory, there are 1' 'its reason'
fi

# Nobody may lock little or nothing; a tree below a home that is closed to him he cannot run at all
if [ "$(id -u)" = 0 ] && chmod 755 "$tmp" && as_nobody test -r "$(realpath "$libexec")/mlocklab-run" 2>/dev/null; then
	mkdir "$tmp/nobody" && chown 65534 "$tmp/nobody"
	# shellcheck disable=SC2016 # the inner shell's
	expect 0 as_nobody sh -c 'ulimit -l 64; exec "$@"' sh "$libexec/mlocklab-run" "$tmp/x.ini" --out "$tmp/nobody/run"
	checked "$tmp/nobody/run" exit-mlocked/procs=4,size=2M,lock=mlock skip
	same "$(reason "$tmp/nobody/run" exit-mlocked/procs=4,size=2M,lock=mlock)" \
		'needs 2048 KiB of locked memory (ulimit -l), there are 64' 'its reason'
	checked "$tmp/nobody/run" exit-mlocked/procs=4,size=2M,lock=none ok
	echo "$checks checks, as root and as nobody"
else
	echo "$checks checks, as $(id -un) only"
fi
