#!/bin/sh
# What the machine of tests/campaign/campaign.sh runs on each of its starts, before the campaign's own units.
exec >/dev/ttyS0 2>&1
mark=$(sed -n 's/.*mlocklab\.boot=\([0-9.]*\).*/\1/p' /proc/cmdline)
echo "test: up, $(uname -r) ${mark:-of itself}"

start() {
	modprobe i6300esb
	cd /lab || exit 1
	./mlocklab campaign start x.ini --limit 30 --out "$1"
	echo "test: start ended with $?"
}

# Whether something of a campaign is still on the disk
is_there() {
	[ -e /var/lib/mlocklab ] || [ -e /etc/systemd/system/mlocklab-campaign.service ]
}

# Trouble finds its boot in the middle: the first records are there, and what makes them goes no further
in_the_middle() {
	boot=/lab/run/boots/00${mark%.*}
	until [ -s "$boot/samples.jsonl" ]; do sleep 0.1; done
	# shellcheck disable=SC2046 # it may be several
	kill -STOP $(pidof mlockbench)
	[ ! -e "$boot/boot.json" ] || echo "test: too late for $mark"
	echo "test: measuring $mark, $(wc -l <"$boot/samples.jsonl") records so far"
}

trouble() {
	case $mark in
	2.1)
		in_the_middle
		echo c >/proc/sysrq-trigger
		;;
	3.1)
		in_the_middle
		# nothing else runs again, and nothing tells the watchdog that it does
		echo -1 >/proc/sys/kernel/sched_rt_runtime_us
		for _ in $(seq "$(nproc)"); do chrt -f 99 sh -c 'while :; do :; done' & done
		# what this script leaves behind, systemd ends
		wait
		;;
	4.1) in_the_middle ;; # the power is cut from outside
	esac
}

if [ ! -e /lab/started ]; then
	touch /lab/started
	start /lab/run
elif [ -e /lab/second ] && [ "$mark" ]; then
	# a second campaign is stopped where it is: from a kernel of its own
	until [ -s /lab/run2/boots/001/events.jsonl ]; do sleep 0.1; done
	cd /lab && ./mlocklab campaign stop
	echo "test: stop ended with $?"
elif [ "$mark" ]; then
	trouble
elif [ -e /lab/second ]; then
	is_there && echo 'test: something is left' || echo 'test: the second is gone'
	sync
elif [ -e /lab/ended ]; then
	touch /lab/second
	start /lab/run2
else
	# where an attempt was lost, the machine goes down first
	while is_there; do sleep 1; done
	echo "test: the first is over, watchdog $(systemctl show -p RuntimeWatchdogUSec --value)"
	touch /lab/ended
	sync
	systemctl --no-block reboot
fi
