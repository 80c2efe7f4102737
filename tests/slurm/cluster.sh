# A cluster of Slurm on this machine, for tests: three nodes on three ports. cluster_start DIR begins it,
# cluster_stop ends it; both know the daemons by their pids alone, and touch no other cluster's.
# shellcheck shell=sh

# cluster_start DIR: munge, slurmctld and slurmd n1 to n3, all their files in DIR
cluster_start() {
	cluster=$1
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
	cpus=$(nproc)
	cat >"$cluster/slurm.conf" <<END
ClusterName=mlocklab
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=16817
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
SelectTypeParameters=CR_Core
SlurmdTimeout=15
ReturnToService=2
MinJobAge=30
SchedulerParameters=sched_interval=2,batch_sched_delay=1
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
NodeName=n[1-3] NodeHostname=$host NodeAddr=127.0.0.1 Port=17001-17003 CPUs=1 RealMemory=4096
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP OverSubscribe=NO
END
	export SLURM_CONF="$cluster/slurm.conf"
	: "$cpus"
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

cluster_nodes() {
	for n; do
		mkdir -p "$cluster/spool/n$n"
		slurmd -N "n$n"
	done
}

# cluster_kill NAME: kills one daemon, slurmctld or slurmd-n2, and what it started
cluster_kill() {
	pid=$(cat "$cluster/$1.pid" 2>/dev/null) && kill -9 "$pid"
}

cluster_stop() {
	scancel --user="$(id -un)" 2>/dev/null
	for pid in "$cluster"/slurmd-*.pid "$cluster"/slurmctld.pid "$cluster"/munge/pid; do
		[ -s "$pid" ] && kill "$(cat "$pid")" 2>/dev/null
	done
	sleep 1
	pkill -9 -f "slurmstepd.*$cluster" 2>/dev/null
	return 0
}
