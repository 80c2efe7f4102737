#!/bin/sh
# Nodes that see nothing of ours: neither the tree, nor the cache, nor the results. Each slurmd has mounts of its
# own, with an empty file system over these paths. Programs, kernels and the plan go along with each task, and what
# it measured comes back: the same bytes as on one machine.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"
# shellcheck source=tests/slurm/cluster.sh
. tests/slurm/cluster.sh

own_mounts true 2>/dev/null || skip 'no mounts of its own for a node'
hidden="$PWD/build $tmp/results $tmp/cache"
expect 0 mlocklab kernels fetch debian:6.1
image=$(awk '{ print $3 }' "$out")
mkdir -p "$tmp/results" "$tmp/cache/kernels"
cp -a "${image%/*}" "$tmp/cache/kernels/"
export MLOCKLAB_CACHE="$tmp/cache"
# the guest that has measured at once lies where nodes see it, as QEMU does
cp build/stand-in "$tmp/stand-in"
cat >"$tmp/qemu" <<END
#!/bin/sh
case "\$*" in
*--version*) exec qemu-system-x86_64 "\$@" ;;
esac
[ ! -e "$tmp/slow" ] || sleep 6
exec $tmp/stand-in "\$@"
END
chmod 755 "$tmp/qemu" "$tmp/stand-in"

cluster_hide=$hidden
cluster_or_skip
small_experiment | sed 's/^pairs=1$/pairs=6/' >"$tmp/x.ini"
there() {
	name=$1
	shift
	mlocklab run "$tmp/x.ini" --on slurm --out "$tmp/results/$name" "$@"
}

same "$(srun --chdir=/ sh -c "ls $hidden | grep -v :" | wc -w)" 0 'files that a node sees'
# --- a task that is cancelled, and a runner that is ended ---
expect 0 mlocklab run "$tmp/x.ini" --qemu "$tmp/qemu" --out "$tmp/calm"
touch "$tmp/slow"
there trouble --qemu "$tmp/qemu" >"$out" 2>"$err" &
runner=$!
wait_for 120 sh -c '[ "$(squeue -h -t R | wc -l)" = 3 ]'
sleep 2
scancel "$(squeue -h -t R -o %i | head -n 1)"
wait "$runner"
same $? 0 'a run of which a task was cancelled'
says 'to be made again: tasks ended without them'
same "$(member "$tmp/results/trouble/run.json" status)" complete 'its status'
same "$(figures "$tmp/results/trouble" | sha256sum)" "$(figures "$tmp/calm" | sha256sum)" 'what was measured'
"$libexec/mlocklab-run" "$tmp/x.ini" --on slurm --qemu "$tmp/qemu" --out "$tmp/results/ended" >"$out" 2>"$err" &
runner=$!
wait_for 120 test -e "$tmp/results/ended/boots/001/boot.json"
kill -TERM "$runner"
wait "$runner"
[ $? != 0 ] || die 'a run that was ended ended well'
wait_for 60 sh -c '[ -z "$(squeue -h)" ]'
rm "$tmp/slow"
# what was half made here is an attempt there, too
[ ! -e "$tmp/results/ended/boots/006" ] || die 'there is nothing left to do'
mkdir "$tmp/results/ended/boots/006"
echo half >"$tmp/results/ended/boots/006/samples.jsonl"
expect 0 mlocklab run --resume "$tmp/results/ended" --on slurm --qemu "$tmp/qemu"
same "$(figures "$tmp/results/ended" | sha256sum)" "$(figures "$tmp/calm" | sha256sum)" 'what was measured in the end'
expect 0 mlocklab fsck "$tmp/results/ended"
same "$(cat "$tmp/results/ended/boots/006.failed-1/samples.jsonl")" half 'what was half made'
same "$(member "$tmp/results/ended/boots/006/boot.json" attempts)" 2 'its attempts'
expect 2 there left --submit --qemu "$tmp/qemu"
says 'nodes that see no results cannot be left to make some'
same "$(member "$tmp/results/left/run.json" status)" incomplete 'status of what was not submitted'

# --- a real guest ---
sed -i 's/^pairs=6$/pairs=1/' "$tmp/x.ini"
expect 0 mlocklab run "$tmp/x.ini" --out "$tmp/here"
expect 0 there real
says "a node of Slurm does not see '$tmp/results/real': programs, kernels and results are copied"
same "$(member "$tmp/results/real/run.json" status)" complete 'its status'
same "$(figures "$tmp/results/real" | sha256sum)" "$(figures "$tmp/here" | sha256sum)" 'what was measured'
same "$(grep -l '"name": "n[123]"' "$tmp/results/real"/boots/[0-9][0-9][0-9]/boot.json | wc -l)" 1 'boots made on nodes'
expect 0 mlocklab fsck "$tmp/results/real"
same "$(find /tmp -maxdepth 1 -name 'slurm_bcast_*' -newer "$tmp/x.ini" | wc -l)" 0 'files left on nodes'

echo "$checks checks of nodes that see nothing of ours"
