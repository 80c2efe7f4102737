#!/bin/sh
# --target host on nodes: what is measured is the kernel that a node runs, so each is looked at before it measures. One
# that runs another release makes no boot, and the message names it. A node of another kernel is one whose slurmd, and
# all that it starts, is told of another release by the kernel itself (personality(2), UNAME26).
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"
# shellcheck source=tests/slurm/cluster.sh
. tests/slurm/cluster.sh

setarch "$(uname -m)" --uname-2.6 uname -r | grep -q '^2\.6\.' || skip 'the kernel tells nobody of another release'
cluster_or_skip
pid=$(cat "$cluster/slurmd-n3.pid")
kill "$pid"
wait_for 60 sh -c "! kill -0 $pid"
setarch "$(uname -m)" --uname-2.6 slurmd -N n3
wait_for 60 sh -c 'srun --chdir=/ --nodelist=n3 uname -r | grep -q "^2\.6\."'

{
	echo '[global]'
	echo 'target=host'
	echo 'settle=0'
	echo 'pairs=2'
	echo 'iterations=1'
	echo 'warmup=0'
	printf '[floor]\nworkload=null\n'
} >"$tmp/x.ini"
# its lock and its journal are the test's own
export MLOCKLAB_STATE="$tmp/state"
mkdir "$MLOCKLAB_STATE"
there() {
	mlocklab run "$tmp/x.ini" --on slurm --slurm "--nodelist=$1" --out "$tmp/$1"
}

# the runner holds no machine: another run measures the one where it is typed
flock "$MLOCKLAB_STATE/mlocklab-host" sleep 1 &
expect 0 there n1
wait
same "$(member "$tmp/n1/run.json" status)" complete 'its status'
same "$(grep -l '"name": "n1"' "$tmp"/n1/boots/[0-9][0-9][0-9]/boot.json | wc -l)" 2 'boots on the node'
same "$(member "$tmp/n1/boots/001/boot.json" release)" "$(uname -r)" 'the release that was measured'

expect 2 there n3
says "n3 runs 2.6."
says "measures $(uname -r)"
same "$(find "$tmp/n3/boots" -mindepth 1 | wc -l)" 0 'boots of another kernel'
same "$(member "$tmp/n3/run.json" status)" incomplete 'its status'
# where it runs what it should it is gone on with
expect 0 mlocklab run --resume "$tmp/n3" --on slurm --slurm --nodelist=n2
same "$(member "$tmp/n3/run.json" status)" complete 'its status in the end'

echo "$checks checks of the host target on nodes"
