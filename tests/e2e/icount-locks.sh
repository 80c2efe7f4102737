#!/bin/sh
# Several CPUs under icount, on a QEMU that can start them: they are the default there, lock evidence comes
# with every run, the same byte for byte, and 5.10's exits wait in unlink_file_vma where 6.1's do not.
# alone: with several vCPUs QEMU's clock depends now and then on when the host lets its threads run
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

# The QEMU of Debian stable's successor, where this machine's own is too old
qemu=installed
case $(qemu-system-x86_64 --version 2>/dev/null | sed -n 's/.*version \([0-9]*\).*/\1/p') in
'' | [1-7])
	qemu=cached
	build/libexec/mlocklab-qemu | grep -q '^cached .*--qemu cached' || expect 0 mlocklab qemu fetch
	;;
esac

cat >"$tmp/e.ini" <<'EOF2'
[global]
target=icount
memory=512
pairs=1
iterations=6
warmup=0
[arm:old]
kernel=debian:5.10
[arm:again]
kernel=debian:5.10
[arm:new]
kernel=debian:6.1
[exit]
workload=exit-mlocked
procs=16
size=4M
EOF2
measure() {
	rm -rf "$tmp/run"
	if [ "$qemu" = cached ]; then
		expect 0 mlocklab run "$tmp/e.ini" --out "$tmp/run" --qemu cached
	else
		expect 0 mlocklab run "$tmp/e.ini" --out "$tmp/run"
	fi
}

measure
same "$(member "$tmp/run/run.json" cpus | head -n 1)" 4 'CPUs by default'

# The directory of an arm's boot that recorded
recorded() {
	for boot in "$tmp"/run/boots/*; do
		[ "$(member "$boot/boot.json" arm)" = "$1" ] && [ "$(member "$boot/boot.json" kind)" = locks ] &&
			echo "$boot"
	done
}

# The number of an arm's waits in a function, over all rounds
waits() {
	grep -o "\"caller\":\"$2\",\"via\":\"[a-z_]*\",\"waits\":[0-9]*" "$(recorded "$1")/events.jsonl" |
		awk -F: '{ n += $NF } END { print n + 0 }'
}

grep -q '"t":"locks-end"' "$(recorded old)/events.jsonl" || die 'no lock evidence beside the timed boots'
repeats() {
	cmp "$(recorded old)/events.jsonl" "$(recorded again)/events.jsonl" &&
		cmp "$(recorded old)/samples.jsonl" "$(recorded again)/samples.jsonl"
}
# With several vCPUs QEMU's clock is off now and then (docs/verdict.md): one boot in some hundred, not two.
repeats || measure
repeats || die 'the same seed gave other events or samples, twice'
old=$(waits old unlink_file_vma)
[ "$old" -ge 20 ] || die "$old waits in unlink_file_vma on 5.10, not scores"
new=$(waits new unlink_file_vma)
# Which CPU stops where hangs on every instruction before it: a stray wait is no sign of a walk.
[ "$new" -le $((old / 10)) ] || die "$new waits in unlink_file_vma on 6.1, $old on 5.10"
echo "$old waits in unlink_file_vma on 5.10, the same in two boots; $new on 6.1"
