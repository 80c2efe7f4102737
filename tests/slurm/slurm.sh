#!/bin/sh
# Runs on a real cluster of Slurm, three nodes of this machine: the same bytes as on one machine, and no boot
# lost or doubled when a node dies, a task is cancelled or slurmctld is started again.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"
# shellcheck source=tests/slurm/cluster.sh
. tests/slurm/cluster.sh

cluster_or_skip

expect 0 mlocklab kernels fetch debian:6.1
small_experiment | sed 's/^pairs=1$/pairs=6/' >"$tmp/x.ini"

expect 0 mlocklab run "$tmp/x.ini" --out "$tmp/here"
expect 0 mlocklab run "$tmp/x.ini" --on slurm --out "$tmp/there"
same "$(member "$tmp/there/run.json" status)" complete 'status of the run on the cluster'
same "$(figures "$tmp/there" | sha256sum)" "$(figures "$tmp/here" | sha256sum)" 'what was measured'
same "$(ls "$tmp/there/boots" | wc -l)" 6 'boots'
[ "$(ls "$tmp"/there/slurm/*.log | wc -l)" = 6 ] || die 'not a log for each task'

# both boots of a pair are one task on a node of its own
{
	echo '[global]'
	echo 'target=tcg'
	echo 'pairs=2'
	echo 'cpus=1'
	echo 'memory=512'
	echo 'iterations=1'
	echo 'warmup=0'
	printf '[arm:%s]\nkernel=debian:6.1\n' a b
	printf '[floor]\nworkload=null\n'
} >"$tmp/tcg.ini"
expect 0 mlocklab run "$tmp/tcg.ini" --on slurm --out "$tmp/tcg"
same "$(cat "$tmp"/tcg/slurm/*.tasks | tr '\n' ' ')" '1,2 3,4 ' 'tasks of a timed run'
for pair in '001 002' '003 004'; do
	# shellcheck disable=SC2086 # two words
	set -- $pair
	same "$(sed -n '/"node"/,/}/p' "$tmp/tcg/boots/$1/boot.json")" \
		"$(sed -n '/"node"/,/}/p' "$tmp/tcg/boots/$2/boot.json")" 'the node of a pair'
	grep -q '"name": "n[123]"' "$tmp/tcg/boots/$1/boot.json" || die 'the node is not recorded'
done

# --- trouble, with guests that have measured after a sleep (tests/tools/stand-in.c) ---
cat >"$tmp/qemu" <<END
#!/bin/sh
case "\$*" in
*--version*) exec qemu-system-x86_64 "\$@" ;;
esac
sleep 6
exec $PWD/build/stand-in "\$@"
END
chmod 755 "$tmp/qemu"
sed 's/^pairs=6$/pairs=12/' "$tmp/x.ini" >"$tmp/long.ini"
"$libexec/mlocklab-run" "$tmp/long.ini" --qemu "$tmp/qemu" --on slurm --out "$tmp/trouble" >"$out" 2>"$err" &
runner=$!
wait_for 900 test -e "$tmp/trouble/boots/001/samples.jsonl"
scancel "$(sed 's/,.*//' "$tmp/trouble/slurm/jobs")_2" # one task is cancelled
cluster_kill slurmctld
sleep 2
slurmctld                                              # started again, with its state
wait_for 900 test -e "$tmp/trouble/boots/004/boot.json"
cluster_kill slurmd-n3
for step in $(cluster_steps n3); do kill -9 "$step"; done
sleep 1
cluster_nodes 3
wait "$runner"
same $? 0 'the run in spite of it'
same "$(member "$tmp/trouble/run.json" status)" complete 'its status'
same "$(ls -d "$tmp"/trouble/boots/[0-9][0-9][0-9]/boot.json | wc -l)" 12 'boots'
expect 0 mlocklab run "$tmp/long.ini" --qemu "$tmp/qemu" --out "$tmp/calm"
same "$(figures "$tmp/trouble" | sha256sum)" "$(figures "$tmp/calm" | sha256sum)" 'what was measured'

# --- a runner that is ended cancels its tasks; here it is finished ---
"$libexec/mlocklab-run" "$tmp/long.ini" --qemu "$tmp/qemu" --on slurm --out "$tmp/ended" >"$out" 2>"$err" &
runner=$!
wait_for 900 test -e "$tmp/ended/boots/002/boot.json"
kill -TERM "$runner"
wait "$runner"
[ $? != 0 ] || die 'a run that was ended ended well'
wait_for 600 sh -c '[ -z "$(squeue -h)" ]'
same "$(member "$tmp/ended/run.json" status)" incomplete 'status of a run that was ended'
expect 0 mlocklab run --resume "$tmp/ended" --qemu "$tmp/qemu"
same "$(figures "$tmp/ended" | sha256sum)" "$(figures "$tmp/calm" | sha256sum)" 'what two machines made'
# and what one machine began a cluster finishes
rm -r "$tmp/calm/boots/003" "$tmp/calm/boots/009"
expect 0 mlocklab run --resume "$tmp/calm" --qemu "$tmp/qemu" --on slurm
same "$(figures "$tmp/ended" | sha256sum)" "$(figures "$tmp/calm" | sha256sum)" 'and the reverse'

# --- messages ---
expect 2 mlocklab run --resume "$tmp/calm" --boots 99
says "--boots=99: '$tmp/calm' has no boot '99'"
expect 0 mlocklab run --attach "$tmp/calm"
says '12 of 12 boots are done'
cluster_stop
expect 2 mlocklab run "$tmp/x.ini" --on slurm --out "$tmp/none"
says 'Slurm runs nothing for us'
echo "$checks checks on three nodes"
