# A cluster of Slurm on this machine, for tests: three nodes on three ports. cluster_or_skip begins it
# and ends it with the test; both know the daemons by their pids alone, and touch no other cluster's.
# shellcheck shell=sh

# A cluster for this test, which ends with it
cluster_or_skip() {
	PATH=$PATH:/usr/sbin
	for p in munged slurmctld slurmd sbatch; do
		command -v $p >/dev/null || skip "no $p: install slurmctld, slurmd, slurm-client and munge"
	done
	[ "$(id -u)" = 0 ] || skip 'needs root, as slurmctld and slurmd do here'
	cluster=$tmp/cluster
	trap 'cluster_stop; leave' EXIT
	cluster_start || die 'the cluster does not start'
}

# Everything but times, paths and the machine's load: what must be the same wherever it is made
figures() {
	for b in "$1"/boots/[0-9][0-9][0-9]; do cat "$b/samples.jsonl" "$b/events.jsonl"; done
}

# munge, slurmctld and slurmd n1 to n3, all their files in $cluster
cluster_start() {
	mkdir -p "$cluster/state" "$cluster/spool" "$cluster/munge"
	chmod 755 "$cluster" "$cluster/munge"
	dd if=/dev/urandom of="$cluster/munge/key" bs=1 count=1024 2>/dev/null
	chmod 400 "$cluster/munge/key"
	chmod 700 "$cluster/munge"
	mkdir -p "$cluster/sock"
	chmod 711 "$cluster/sock"
	chmod 755 "$cluster/sock"
	munged --force --key-file="$cluster/munge/key" --socket="$cluster/sock/munge" \
		--pid-file="$cluster/munge/pid" --seed-file="$cluster/munge/seed" \
		--log-file="$cluster/munge/log" || return 1
	host=$(hostname -s)
	# four ports of its own: the other test and its cluster come a process or two later
	port=$((20000 + $$ * 4 % 10000))
	cat >"$cluster/slurm.conf" <<END
ClusterName=mlocklab
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$cluster/sock/munge
CryptoType=crypto/munge
StateSaveLocation=$cluster/state
SlurmdSpoolDir=$cluster/spool/%n
SlurmctldPidFile=$cluster/slurmctld.pid
SlurmdPidFile=$cluster/slurmd-%n.pid
SlurmctldLogFile=$cluster/slurmctld.log
SlurmdLogFile=$cluster/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SchedulerType=sched/backfill
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
DefMemPerCPU=256
SlurmdTimeout=15
ReturnToService=2
MinJobAge=30
SchedulerParameters=sched_interval=2,batch_sched_delay=1
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
PreemptType=preempt/partition_prio
PreemptMode=CANCEL
AccountingStorageType=accounting_storage/none
MpiDefault=none
NodeName=n[1-3] NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + 1))-$((port + 3)) CPUs=1 RealMemory=4096
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP OverSubscribe=NO PriorityTier=1
PartitionName=urgent Nodes=ALL MaxTime=INFINITE State=UP OverSubscribe=NO PriorityTier=10
END
	export SLURM_CONF="$cluster/slurm.conf"
	slurmctld -c
	cluster_nodes 1 2 3
	for _ in $(seq 60); do
		[ "$(sinfo -h -o '%t %D' 2>/dev/null)" = 'idle 3' ] && return 0
		sleep 1
	done
	sinfo
	tail -n 20 "$cluster"/*.log
	return 1
}

# $cluster_hide: directories that nodes find empty
cluster_nodes() {
	for n; do
		mkdir -p "$cluster/spool/n$n"
		if [ -n "${cluster_hide:-}" ]; then
			# shellcheck disable=SC2086 # several words
			own_mounts sh -c 'n=$1; shift; for d; do mount -t tmpfs -o size=1M tmpfs "$d" || exit 1; done; exec slurmd -N "n$n"' sh "$n" $cluster_hide
		else
			slurmd -N "n$n"
		fi
	done
}

# cluster_kill NAME: kills one daemon, slurmctld or slurmd-n2, and what it started
cluster_kill() {
	pid=$(cat "$cluster/$1.pid" 2>/dev/null) && kill -9 "$pid"
}

# The processes that run our tasks, of all nodes or of one: cluster_steps [NODE]
cluster_steps() {
	for environ in /proc/[0-9]*/environ; do
		pid=${environ#/proc/}
		pid=${pid%/environ}
		grep -qz "^SLURM_CONF=$cluster/" "$environ" 2>/dev/null || continue
		grep -q '^slurmstepd' "/proc/$pid/cmdline" 2>/dev/null || continue
		[ -z "${1:-}" ] || readlink "/proc/$pid/fd/"* 2>/dev/null | grep -q "/slurmd-$1.log$" || continue
		echo "$pid"
	done
}

# Ends it; returns what the program before it did, for a trap
cluster_stop() {
	code=$?
	scancel --user="$(id -un)" 2>/dev/null
	for pid in "$cluster"/slurmd-*.pid "$cluster"/slurmctld.pid "$cluster"/munge/pid; do
		[ -s "$pid" ] && kill "$(cat "$pid")" 2>/dev/null
	done
	sleep 1
	for step in $(cluster_steps); do kill -9 "$step" 2>/dev/null; done
	return $code
}
