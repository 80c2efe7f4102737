#!/bin/sh
# What ends a task on a cluster before its boots are made: its time, its memory, a task that goes before it, a
# disk that is full, a runner that is gone. Boots are made again, each is there once, and it is said why. The
# guests have measured at once (tests/tools/stand-in.c); Slurm, its daemons and limits are the real ones.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"
# shellcheck source=tests/slurm/cluster.sh
. tests/slurm/cluster.sh

cluster_or_skip
expect 0 mlocklab kernels fetch debian:6.1
small_experiment | sed 's/^pairs=1$/pairs=6/' >"$tmp/x.ini"
# A QEMU whose guest comes to harm in the first attempt at some boots of the runs below. It is nobody and may write
# nothing: which attempt it is shows in the boot's directory.
cat >"$tmp/qemu" <<END
#!/bin/sh
case "\$*" in
*--version*) exec qemu-system-x86_64 "\$@" ;;
esac
boot=\$(echo "\$*" | sed 's,.*path=\([^ ]*\)/console.log.*,\1,')
[ -e "\$boot.failed-1" ] || case \$boot in
*/late/boots/001) sleep 1000 ;;
*/memory/boots/001) (head -c 600m /dev/zero; sleep 1000) | tail >/dev/null ;;
*/preempted/boots/00[123] | */gone/boots/00[123]) sleep 12 ;;
esac
exec $PWD/build/stand-in "\$@"
END
chmod 755 "$tmp/qemu"

# there NAME OPTION...: the run on the cluster
there() {
	name=$1
	shift
	mlocklab run "$tmp/x.ini" --qemu "$tmp/qemu" --on slurm --out "$tmp/$name" "$@"
}

# Whether three guests of a run are under way: guests NAME
guests() {
	[ "$(find "$tmp/$1/boots" -name qemu.log | wc -l)" = 3 ]
}

# whole NAME: it is complete, each boot is there, and measured what it measures here
whole() {
	same "$(member "$tmp/$1/run.json" status)" complete "status of $1"
	same "$(figures "$tmp/$1" | sha256sum)" "$(figures "$tmp/here" | sha256sum)" "what $1 measured"
	same "$(find "$tmp/$1/boots" -name '*.tmp*' -o -name initramfs.cpio | wc -l)" 0 "what is half written of $1"
	[ -z "$(find "$tmp/$1" -maxdepth 1 -name 'inputs*')" ] || die "$1 holds inputs still"
}

expect 0 mlocklab run "$tmp/x.ini" --qemu "$tmp/qemu" --out "$tmp/here"

# --- its memory: twice as much as it may have; without cgroups Slurm calls it no OUT_OF_MEMORY ---
expect 0 there memory --slurm --mem=300
says '1 boot to be made again: tasks ended without them, 1 FAILED'
whole memory

# --- what goes before it: all three nodes for another partition ---
there preempted >"$out" 2>"$err" &
runner=$!
wait_for 600 guests preempted
sbatch --quiet --partition=urgent --array=1-3 --output=/dev/null --wrap 'sleep 2'
wait "$runner"
same $? 0 'a run that others went before'
says '3 boots to be made again: tasks ended without them, 3 PREEMPTED'
whole preempted

# --- a runner that is gone: its tasks go on, and are not disturbed ---
"$libexec/mlocklab-run" "$tmp/x.ini" --qemu "$tmp/qemu" --on slurm --out "$tmp/gone" >"$out" 2>"$err" &
runner=$!
wait_for 600 guests gone
kill -9 "$runner"
wait "$runner" 2>/dev/null
expect 2 mlocklab run --resume "$tmp/gone" --qemu "$tmp/qemu"
says 'tasks in Slurm: --on slurm waits for them'
same "$(ls "$tmp"/gone/boots/*/initramfs.cpio | wc -l)" 3 'what guests are started from'
expect 0 mlocklab run --resume "$tmp/gone" --qemu "$tmp/qemu" --on slurm
same "$(find "$tmp/gone/boots" -name '*.failed-*' | wc -l)" 0 'boots that were made twice'
same "$(find "$tmp/gone/slurm" -name 'job-*.sh' | wc -l)" 1 'arrays that were submitted'
whole gone

small_end() {
	code=$?
	umount "$tmp/small"
	return $code
}

# --- a disk that is full: nothing is lost, and it is gone on with where there is room ---
mkdir "$tmp/small"
if own_mounts true 2>/dev/null && mount -t tmpfs -o size=24M,mode=755 tmpfs "$tmp/small" 2>/dev/null; then
	trap 'cluster_stop; small_end; leave' EXIT
	expect 2 there small/run
	says 'given up: tasks ended without them'
	says 'of 6 boots are in'
	same "$(member "$tmp/small/run/run.json" status)" incomplete 'status of a run without room'
	mount -o remount,size=400M "$tmp/small"
	expect 0 mlocklab run --resume "$tmp/small/run" --qemu "$tmp/qemu" --on slurm
	whole small/run
else
	echo 'no file system of a size can be mounted: a full one is not tried'
fi

# --- its time: a minute, which is the least that Slurm knows ---
expect 0 there late --slurm --time=1
says '1 boot to be made again: tasks ended without them, 1 TIMEOUT'
whole late

echo "$checks checks of what ends a task"
