#!/bin/sh
# A campaign on a machine of its own, emulated: a disk with GRUB, systemd and Debian's 5.10 and 6.1 (image.sh),
# which starts itself again and again. Three interleaved pairs; boot 2 panics, boot 3 hangs until the watchdog
# resets the machine, and in boot 4 the power fails. Minutes; the disk's Debian is kept in the cache.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

PATH=$PATH:/sbin:/usr/sbin
[ "$(id -u)" = 0 ] || skip 'needs root, to mount a disk'
losetup -f >/dev/null 2>&1 || skip 'no loop device'
for p in debootstrap sfdisk mke2fs; do command -v $p >/dev/null || skip "no $p: make check-campaign installs it"; done
expect 0 mlocklab kernels fetch debian:5.10/amd64 debian:6.1/amd64

cache=$(./mlocklab --paths | sed -n 's/^cache //p')
kernel() {
	find "$cache/kernels" -maxdepth 1 -name "linux-image-$1.*-amd64_*" ! -name '*-cloud-*' | sort | tail -n 1
}
old=$(kernel 5.10) new=$(kernel 6.1)
old_release=$(ls "$old/lib/modules") new_release=$(ls "$new/lib/modules")

# --- the disk: kept by what it is made of ---
made_of=$(cat tests/campaign/image.sh /etc/os-release "$old/kernel.json" "$new/kernel.json" | sha256sum | cut -c1-12)
kept=$cache/campaign/$made_of.img
if [ ! -e "$kept" ]; then
	mkdir -p "$cache/campaign"
	rm -f "$cache"/campaign/*.img
	unshare -m tests/campaign/image.sh "$kept" "$old" "$new" >"$tmp/image.log" 2>&1 || {
		tail -n 20 "$tmp/image.log"
		die 'the disk could not be made'
	}
fi
disk=$tmp/disk
cp --sparse=always "$kept" "$disk"

# on_disk COMMAND...: with its file system at $tmp/mnt
mkdir "$tmp/mnt"
on_disk() {
	loop=$(losetup -o 1048576 -f --show "$disk")
	mount "$loop" "$tmp/mnt" || die 'the disk cannot be mounted'
	"$@"
	umount "$tmp/mnt"
	losetup -d "$loop"
}

# What a campaign could leave; systemd keeps a random seed, and when its timers ran
traces() {
	(cd "$tmp/mnt" && find etc boot var/lib ! -path 'var/lib/systemd/*' | sort)
}

# The lab, the experiment, and what starts the campaign and makes trouble in it
put_lab() {
	lab=$tmp/mnt/lab
	mkdir -p "$lab/build"
	cp mlocklab "$lab/"
	cp -r configs "$lab/"
	cp -r "$libexec" build/mlockbench build/guest-init "$lab/build/"
	for f in mlocklab "$libexec"/*; do
		ldd "$f" | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p'
	done | sort -u | while read -r l; do
		[ -e "$tmp/mnt$l" ] || { mkdir -p "$tmp/mnt$(dirname "$l")" && cp -L "$l" "$tmp/mnt$l"; }
	done
	{
		printf '[global]\ntarget=host\npairs=%s\niterations=30\nwarmup=0\nsettle=1\nlocks=none\n' "${PAIRS:-3}"
		printf '[arm:old]\nkernel=boot:%s\n[arm:new]\nkernel=boot:%s\n' "$old_release" "$new_release"
		printf '[m]\nworkload=mlock-toggle\nsize=8M\nlock=mlock\n'
	} >"$lab/x.ini"
	cp tests/campaign/inside.sh "$lab/"
	units=$tmp/mnt/etc/systemd/system
	cat >"$units/lab-test.service" <<END
[Unit]
After=multi-user.target
Before=mlocklab-campaign.service mlocklab-campaign-measure.service
[Service]
Type=simple
ExecStart=/bin/sh /lab/inside.sh
END
	mkdir -p "$units/multi-user.target.wants"
	# what a machine does on its first start, and what it waits for: an emulated one takes minutes for them
	tr -d - </proc/sys/kernel/random/uuid >"$tmp/mnt/etc/machine-id"
	touch "$tmp/mnt/etc/.updated" "$tmp/mnt/var/.updated"
	for u in getty.target systemd-timesyncd.service systemd-udev-settle.service e2scrub_reap.service \
		apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer; do
		ln -sf /dev/null "$units/$u"
	done
	ln -s ../lab-test.service "$units/multi-user.target.wants/"
	# what was there before, to be there again
	traces >"$tmp/before"
	sha256sum "$tmp/mnt/boot/grub/grub.cfg" | cut -c1-64 >"$tmp/cfg-before"
}
on_disk put_lab

# --- the machine ---
start_machine() {
	qemu-system-x86_64 -accel tcg,thread=multi -cpu Nehalem -m 1024 -smp "${CPUS:-1}" -nodefaults -display none \
		-device i6300esb -watchdog-action reset -serial "file:$tmp/console.$1" \
		-drive "file=$disk,format=raw,if=none,id=d,cache=unsafe" -device virtio-blk-pci,drive=d \
		</dev/null >"$tmp/qemu.log" 2>&1 &
	machine=$!
}
machine=
trap 'code=$?; [ -z "$machine" ] || kill -9 $machine 2>/dev/null; (exit $code); leave' EXIT
on_console() {
	cat "$tmp"/console.* 2>/dev/null | tr -d '\r' | grep -qF -e "$1"
}
count() {
	cat "$tmp"/console.* | tr -d '\r' | grep -cF -e "$1"
}

began=$(date +%s)
# Waits until the machine has said this
wait_console() {
	until on_console "$1"; do
		kill -0 "$machine" 2>/dev/null || die "the machine went off before it said: $1"
		for bad in 'start ended with 2' 'too late' 'something is left'; do
			on_console "test: $bad" && die "the machine said: $bad"
		done
		[ $(($(date +%s) - began)) -lt $((${LIMIT:-3000} - 60)) ] || die "the machine never said: $1"
		sleep 2
	done
}

start_machine 1
# power fails in the middle of boot 4's measurement
wait_console 'test: measuring 4.1'
kill -9 "$machine"
wait "$machine" 2>/dev/null
start_machine 2
wait_console 'test: the second is gone'
kill -9 "$machine"
wait "$machine" 2>/dev/null

# --- what came of it ---
take() {
	cp -r "$tmp/mnt/lab/run" "$tmp/run"
	traces >"$tmp/after"
	sha256sum "$tmp/mnt/boot/grub/grub.cfg" | cut -c1-64 >"$tmp/cfg-after"
	cp -r "$tmp/mnt/lab/run2" "$tmp/run2"
	strings -n 3 "$tmp/mnt/boot/grub/grubenv" >"$tmp/grubenv"
}
on_disk take
run=$tmp/run
boots=$((2 * ${PAIRS:-3}))
same "$(member "$run/run.json" status)" complete 'status of the run'
same "$(ls -d "$run"/boots/[0-9][0-9][0-9]/boot.json | wc -l)" "$boots" 'boots'
for b in "$run"/boots/[0-9][0-9][0-9]; do
	same "$(member "$b/boot.json" outcome)" ok "outcome of ${b##*/}"
	same "$(wc -l <"$b/samples.jsonl" | tr -d ' ')" 30 "records of ${b##*/}"
	arm=$(member "$b/boot.json" arm)
	[ "$arm" = old ] && want=$old_release || want=$new_release
	same "$(member "$b/boot.json" release)" "$want" "the kernel of ${b##*/}"
done
same "$(cat "$run"/boots/[0-9][0-9][0-9]/boot.json | grep '"boot_id"' | sort -u | wc -l)" "$boots" 'boots of the machine'
same "$(find "$run/campaign" -name lost.json | wc -l)" 3 'attempts that were lost'
for n in 002 003 004; do [ -e "$run/campaign/$n.1/lost.json" ] || die "the loss of boot $n is not kept"; done
same "$(member "$run/campaign/003.1/lost.json" bootstatus)" 32 'what the watchdog says of the hang'
expect 0 mlocklab fsck "$run"
mlocklab compare "$run" >"$out" 2>"$err"
[ $? -lt 2 ] || { cat "$err"; die 'the run does not compare'; }
[ -e "$run/report" ] || die 'there is no report'

# --- one that was stopped, from a kernel of its own ---
same "$(count 'test: stop ended with 0')" 1 'campaigns that were stopped'
same "$(member "$tmp/run2/run.json" status)" incomplete 'status of the run that was stopped'

# --- no trace of them ---
same "$(cat "$tmp"/console.* | tr -d '\r' | sed -n 's/^test: up, //p' | tail -n 1)" "$new_release of itself" 'the last start'
same "$(diff "$tmp/before" "$tmp/after")" '' 'files that are left, or gone'
same "$(cat "$tmp/cfg-after")" "$(cat "$tmp/cfg-before")" 'grub.cfg'
grep -E 'next_entry|mlocklab' "$tmp/grubenv" && die 'grubenv is not as it was'
echo "$boots boots measured, $(count 'test: up') starts of the machine, 3 attempts lost and made again, 1 campaign stopped"
