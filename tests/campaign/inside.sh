#!/bin/sh
# What the machine of tests/campaign/campaign.sh runs on each of its starts, before the campaign's own units: it
# makes one campaign after the other, those of /lab/todo, and in some of them trouble.
exec >/dev/ttyS0 2>&1
mark=$(sed -n 's/.*mlocklab\.boot=\([0-9.]*\).*/\1/p' /proc/cmdline)
part=$(cat /lab/part 2>/dev/null)
echo "test: up, $(uname -r) ${mark:-of itself}"
cd /lab || exit 1

start() {
	MLOCKLAB_CACHE=/lab/cache ./mlocklab campaign start "$@" --limit 30 --out "/lab/run.$part"
	echo "test: start ended with $?"
}

begin() {
	case $part in
	faults)
		modprobe i6300esb
		start x.ini
		;;
	install)
		# what was made for guests has none of the drivers of a disk, and is refused before anything is changed
		start x.ini --pairs 1 --no-watchdog --kernel "deb=deb:/lab/kernel.deb" --kernel "guest=built:guest"
		is_there && echo 'test: something is left'
		start x.ini --pairs 1 --no-watchdog --kernel "deb=deb:/lab/kernel.deb" --kernel "same=built:same"
		;;
	stop) start x.ini --no-watchdog --kernel "built=built:built" --kernel "old=boot:$(cat /lab/old)" ;;
	esac
}

# Whether something of a campaign is still on the disk
is_there() {
	[ -e /var/lib/mlocklab ] || [ -e /etc/systemd/system/mlocklab-campaign.service ]
}

# Trouble finds its boot in the middle: the first records are there, and what makes them goes no further
in_the_middle() {
	boot=/lab/run.$part/boots/00${mark%.*}
	until [ -s "$boot/samples.jsonl" ]; do sleep 0.1; done
	# shellcheck disable=SC2046 # it may be several
	kill -STOP $(pidof mlockbench)
	[ ! -e "$boot/boot.json" ] || echo "test: too late for $mark"
	echo "test: measuring $mark, $(wc -l <"$boot/samples.jsonl") records so far"
}

trouble() {
	case $part.$mark in
	faults.2.1)
		in_the_middle
		echo c >/proc/sysrq-trigger
		;;
	faults.3.1)
		in_the_middle
		# nothing else runs again, and nothing tells the watchdog that it does
		echo -1 >/proc/sys/kernel/sched_rt_runtime_us
		for _ in $(seq "$(nproc)"); do chrt -f 99 sh -c 'while :; do :; done' & done
		# what this script leaves behind, systemd ends
		wait
		;;
	faults.4.1) in_the_middle ;; # the power is cut from outside
	faults.5.1)
		in_the_middle
		dd if=/dev/zero of=/lab/full bs=1M 2>/dev/null
		dd if=/dev/zero of=/lab/full.2 bs=1k 2>/dev/null
		echo "test: full, $(df --output=avail -k / | tail -n 1 | tr -d ' ') KiB left"
		# shellcheck disable=SC2046
		kill -CONT $(pidof mlockbench)
		;;
	stop.1.1)
		until [ -s /lab/run.stop/boots/001/events.jsonl ]; do sleep 0.1; done
		./mlocklab campaign stop
		echo "test: stop ended with $?"
		;;
	esac
}

# The machine waits for room, and goes on by itself when there is some
make_room() {
	until systemctl is-failed -q mlocklab-campaign.service ||
		[ "$(systemctl show -p NRestarts --value mlocklab-campaign.service)" -gt 0 ]; do sleep 1; done
	./mlocklab campaign status
	rm /lab/full /lab/full.2
	echo 'test: there is room again'
}

if [ "$mark" ]; then
	trouble
	exit
fi
if [ "$part" ]; then
	# where an attempt was lost, the machine goes down first
	while is_there; do
		[ ! -e /lab/full ] || make_room
		sleep 1
	done
	echo "test: $part is over, watchdog $(systemctl show -p RuntimeWatchdogUSec --value)"
fi
part=$(sed -n 1p /lab/todo)
sed -i 1d /lab/todo
echo "$part" >/lab/part
sync
[ "$part" ] && begin || echo 'test: all is over'
sync
