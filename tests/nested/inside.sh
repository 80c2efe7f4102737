#!/bin/sh
# What tests/nested/nested.sh runs as PID 1 of its outer machine: four CPUs on two nodes, emulated, whose
# KVM works. Every check is a line "ok: ..." or "not ok: ..." on the console; "end" is the last.
# $parts, from the kernel's command line: which of "kvm,huge,faults,held,host"; all where it is empty.
set -u
export PATH=/bin:/sbin:/usr/bin:/usr/sbin HOME=/root
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/shm /run/lock /tmp /sys/fs/cgroup
mount -t tmpfs shm /dev/shm
mount -t cgroup2 cgroup /sys/fs/cgroup
modules=/modules
for m in irqbypass kvm kvm-amd; do insmod $modules/$m.ko || echo "not ok: $m does not load"; done
# as udev has it: a group's, which QEMU keeps when it is nobody
chgrp kvm /dev/kvm && chmod 660 /dev/kvm
# for the guest of huge pages and what its layout adds, before memory is in pieces
set_aside=/sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages
echo 320 >$set_aside
cd /lab || exit 1

ok() { echo "ok: $*"; }
not_ok() { echo "not ok: $*"; }

# check WHAT COMMAND...
check() {
	what=$1
	shift
	if "$@" >/tmp/said 2>&1; then
		ok "$what"
	else
		not_ok "$what"
		sed 's/^/    /' /tmp/said | tail -n 30
	fi
}

# run NAME CODE ARGUMENT...: a run, and its exit code
run() {
	name=$1 want=$2
	shift 2
	timeout 900 ./mlocklab run "$@" --out "/tmp/$name" >"/tmp/$name.said" 2>&1
	code=$?
	if [ "$code" = "$want" ]; then
		ok "$name ended with $code"
	else
		not_ok "$name ended with $code, not $want"
		sed 's/^/    /' "/tmp/$name.said" | tail -n 30
	fi
}

# part NAME: whether it is to be done
part() {
	case ,${parts:-$1}, in
	*,"$1",*) echo "part $1, $(cut -d ' ' -f 1 /proc/uptime) s" ;;
	*) return 1 ;;
	esac
}

has() {
	grep -q -e "$1" "$2"
}

# --- KVM ---
kvm() {
	# a no may be a busy moment's
	for try in 1 2 3; do
		./mlocklab doctor >/tmp/doctor 2>&1
		grep -qE '^ *KVM +(ok|yes)' /tmp/doctor && break
		echo "doctor, look $try: $(grep -A2 KVM /tmp/doctor | tr -s ' \n' ' ')"
	done
	check 'doctor finds that KVM boots a guest' grep -E '^ *KVM +(ok|yes)' /tmp/doctor
	grep -A2 KVM /tmp/doctor | sed 's/^/    /'

	kvm='--target kvm --cpus 4 --nodes 2 --memory 1024'
	# shellcheck disable=SC2086 # words
	run smoke 0 configs/smoke.ini $kvm --pairs 1
	check 'both arms were booted under KVM' has '"kind": "kvm"' /tmp/smoke/run.json
	check 'QEMU was nobody' has '"not_root": true' /tmp/smoke/run.json
	for b in 001 002; do
		check "boot $b is ok" has '"outcome": "ok"' /tmp/smoke/boots/$b/boot.json
		check "boot $b has all four CPUs pinned" has '"pinned": 4' /tmp/smoke/boots/$b/boot.json
		check "boot $b saw two nodes" has '"nodes": 2' /tmp/smoke/boots/$b/boot.json
	done
	check "each guest node stands on a node of the host" has 'host-nodes=1,policy=bind' /tmp/smoke/boots/001/boot.json
	check 'the two runs compare' sh -c './mlocklab compare /tmp/smoke >/tmp/compare; [ $? -lt 2 ]'
}
part kvm && kvm

small() {
	printf '[global]\ntarget=kvm\npairs=1\niterations=1\nwarmup=0\nmemory=512\ncpus=2\nnodes=1\nlocks=none\n'
	printf '%s\n' "$@"
	printf '[floor]\nworkload=null\n'
}

# Huge pages of node 1, set aside for a guest that stands there, and none
huge() {
	small 'hugepages=2M' 'host_nodes=1' '[arm:only]' 'kernel=debian:6.1' '[m]' 'workload=exit-mlocked' 'lock=none' >/tmp/huge.ini
	check '640 MiB are set aside' has '^320$' $set_aside
	run huge 0 /tmp/huge.ini
	check 'a guest of huge pages is ok' has '"outcome": "ok"' /tmp/huge/boots/001/boot.json
	check 'and has no others' has 'hugetlb=on,hugetlbsize=2M.*host-nodes=1,policy=bind' /tmp/huge/boots/001/boot.json
	echo 0 >$set_aside
	run huge-none 2 /tmp/huge.ini
	check 'without them it is told that there are none' sh -c 'cat /tmp/huge-none.said; grep -q "allocate memory" /tmp/huge-none.said'
}
part huge && huge

# told OUTCOME: as which the boot of the run of that name ended
told() {
	if has "\"outcome\": \"$1\"" "/tmp/$1/boots/001/boot.json"; then
		ok "a $1 is told as one"
	else
		not_ok "a $1 is not told as one"
		tail -n 30 "/tmp/$1.said" "/tmp/$1/boots/001/boot.json" | sed 's/^/    /'
	fi
}

# A guest that panics, and one that hangs
faults() {
	small '[arm:only]' 'kernel=debian:6.1' 'cmdline=rdinit=/none' >/tmp/panic.ini
	run panic 2 /tmp/panic.ini
	told panic
	small 'watchdog=5' '[arm:only]' 'kernel=debian:6.1' 'cmdline=initcall_blacklist=populate_rootfs rdinit=/none panic=0' >/tmp/hang.ini
	run hang 2 /tmp/hang.ini
	told hang
}
part faults && faults

# CPUs that another run holds are not taken
held() {
	small 'host_cpus=2-3' '[arm:only]' 'kernel=debian:6.1' >/tmp/held.ini
	flock -F /run/lock/mlocklab-cpu-3 sleep 3000 &
	holder=$!
	while flock -n /run/lock/mlocklab-cpu-3 true; do sleep 0.1; done
	run held 2 /tmp/held.ini
	check 'the run that may not have its CPUs says so' has "the guest's node 0 takes 2 CPUs" /tmp/held.said
	kill $holder
}
part held && held

# --- this machine as a NUMA host ---
host() {
	printf '[global]\ntarget=host\npairs=1\niterations=1\nwarmup=0\nsettle=1\n[arm:only]\nkernel=running\n' >/tmp/host.ini
	printf '[m]\nworkload=migrate-mlocked\nmemory=anon,shmem\nprocs=2\nsize=2M\nlock=mlock,none\n' >>/tmp/host.ini
	run host 0 /tmp/host.ini
	check 'pages move between the nodes of this machine' has '"outcome":"ok"' /tmp/host/boots/001/samples.jsonl
	check 'and no cell is left out' sh -c '[ -s /tmp/host/boots/001/samples.jsonl ] && ! grep -v "\"outcome\":\"ok\"" /tmp/host/boots/001/samples.jsonl'
	run other 2 configs/smoke.ini --target host --kernel old=debian:5.10 --kernel new=debian:6.1
}
part host && host
echo end
sync
poweroff -f
