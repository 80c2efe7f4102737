#!/bin/sh
# A campaign on a machine of its own, emulated: a disk with GRUB, systemd and Debian's 5.10 and 6.1 (image.sh),
# which starts itself again and again. Its parts, which PARTS names where not all are wanted:
#   faults   three interleaved pairs; boot 2 panics, boot 3 hangs until the watchdog resets the machine, in boot 4 the
#            power fails and the clock forgets the time, in boot 5 the disk is full
#   install  Debian's package of a kernel, installed, measured, and removed; a kernel that is there already, and stays
#   stop     stopped from a kernel of the cache, installed, newer than what the machine starts of itself
# Minutes; the disk's Debian is kept in the cache.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

PATH=$PATH:/sbin:/usr/sbin
[ "$(id -u)" = 0 ] || skip 'needs root, to mount a disk'
losetup -f >/dev/null 2>&1 || skip 'no loop device'
for p in debootstrap sfdisk mke2fs; do command -v $p >/dev/null || skip "no $p: make check-campaign installs it"; done
expect 0 mlocklab kernels fetch debian:5.10/amd64 debian:6.1/amd64 debian:6.12/cloud-amd64
parts=${PARTS:-faults install stop}
has_part() {
	case " $parts " in *" $1 "*) true ;; *) false ;; esac
}

cache=$(./mlocklab --paths | sed -n 's/^cache //p')
kernel() {
	find "$cache/kernels" -maxdepth 1 -name "linux-image-$1.*-amd64_*" ! -name '*-cloud-*' | sort | tail -n 1
}
old=$(kernel 5.10) new=$(kernel 6.1)
cloud=$(find "$cache/kernels" -maxdepth 1 -name 'linux-image-6.12.*-cloud-amd64_*' | sort | tail -n 1)
old_release=$(ls "$old/lib/modules") new_release=$(ls "$new/lib/modules")

# --- the disk: kept by what it is made of ---
made_of=$(cat tests/campaign/image.sh tests/campaign/prune.sh /etc/os-release "$old/kernel.json" "$new/kernel.json" | sha256sum | cut -c1-12)
kept=$cache/campaign/$made_of.img
if [ ! -e "$kept" ]; then
	mkdir -p "$cache/campaign"
	rm -f "$cache"/campaign/*.img "$cache"/campaign/*.deb
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
	(cd "$tmp/mnt" && find . lib/modules/ -maxdepth 1 -printf '%p %l\n' | sort && grep '^Package:' var/lib/dpkg/status | sort)
}

menu() {
	grep -o "menuentry_id_option '[^']*'\|set default=.*" "$tmp/mnt/boot/grub/grub.cfg"
}

# put_kernel DIR NAME: a kernel of the cache into the machine's
put_kernel() {
	mkdir -p "$lab/cache/kernels"
	cp -a "$1" "$lab/cache/kernels/$2"
	tests/campaign/prune.sh "$lab/cache/kernels/$2"/lib/modules/*
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
	cp "${kept%.img}.deb" "$lab/kernel.deb"
	put_kernel "$cloud" built
	put_kernel "$old" same
	put_kernel "$cloud" guest
	rm -r "$lab/cache/kernels/guest/lib"
	sed -i '/"lib.modules/d; s/\(config": "[0-9a-f]*"\),/\1/' "$lab/cache/kernels/guest/kernel.json"
	echo "$old_release" >"$lab/old"
	echo "$parts" | tr ' ' '\n' >"$lab/todo"
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
	# as Debian's kernels leave them
	for f in vmlinuz initrd.img; do
		ln -s "boot/$f-$new_release" "$tmp/mnt/$f"
		ln -s "boot/$f-$old_release" "$tmp/mnt/$f.old"
	done
	# what was there before, to be there again
	traces >"$tmp/before"
	menu >"$tmp/menu-before"
}
on_disk put_lab

# --- the machine ---
# start_machine N OPTION...
start_machine() {
	console=$tmp/console.$1
	shift
	qemu-system-x86_64 -accel tcg,thread=multi -cpu Nehalem -m 1024 -smp "${CPUS:-1}" -nodefaults -display none \
		-device i6300esb -watchdog-action reset -serial "file:$console" \
		-drive "file=$disk,format=raw,if=none,id=d,cache=unsafe" -device virtio-blk-pci,drive=d "$@" \
		</dev/null >"$tmp/qemu.log" 2>&1 &
	machine=$!
}
stop_machine() {
	kill -9 "$machine"
	wait "$machine" 2>/dev/null
}
machine=
trap 'code=$?; [ -z "$machine" ] || kill -9 $machine 2>/dev/null; (exit $code); leave' EXIT
said() {
	cat "$tmp"/console.* 2>/dev/null | tr -d '\r'
}
on_console() {
	said | grep -qF -e "$1"
}
count() {
	said | grep -cF -e "$1"
}

began=$(date +%s)
# Waits until the machine has said this
wait_console() {
	until on_console "$1"; do
		kill -0 "$machine" 2>/dev/null || die "the machine went off before it said: $1"
		for bad in 'too late' 'something is left'; do
			on_console "test: $bad" && die "the machine said: $bad"
		done
		[ $(($(date +%s) - began)) -lt $((${LIMIT:-3000} - 60)) ] || die "the machine never said: $1"
		sleep 2
	done
}

start_machine 1
if has_part faults; then
	# power fails in the middle of boot 4's measurement, and the clock's battery is empty
	wait_console 'test: measuring 4.1'
	stop_machine
	start_machine 2 -rtc base=2001-01-01
fi
wait_console 'test: all is over'
stop_machine

# --- what came of it ---
take() {
	cp -r "$tmp"/mnt/lab/run.* "$tmp/"
	traces >"$tmp/after"
	menu >"$tmp/menu-after"
	strings -n 3 "$tmp/mnt/boot/grub/grubenv" >"$tmp/grubenv"
}
on_disk take

# is_complete RUN BOOTS LOST: all of it is there, and none of it twice
is_complete() {
	same "$(member "$1/run.json" status)" complete "status of $1"
	same "$(ls -d "$1"/boots/[0-9][0-9][0-9]/boot.json | wc -l)" "$2" 'boots'
	for b in "$1"/boots/[0-9][0-9][0-9]; do
		same "$(member "$b/boot.json" outcome)" ok "outcome of ${b##*/}"
		same "$(wc -l <"$b/samples.jsonl" | tr -d ' ')" 30 "records of ${b##*/}"
	done
	same "$(cat "$1"/boots/[0-9][0-9][0-9]/boot.json | grep '"boot_id"' | sort -u | wc -l)" "$2" 'boots of the machine'
	same "$(find "$1/campaign" -name lost.json | wc -l)" "$3" 'attempts that were lost'
	expect 0 mlocklab fsck "$1"
	mlocklab compare "$1" >"$out" 2>"$err"
	[ $? -lt 2 ] || [ "$2" -lt 6 ] || { cat "$err"; die 'the run does not compare'; }
	[ -e "$1/report" ] || die 'there is no report'
}
# release_of RUN ARM: the kernel that its boots were made with
release_of() {
	for b in "$1"/boots/[0-9][0-9][0-9]/boot.json; do
		[ "$(member "$b" arm)" = "$2" ] && member "$b" release
	done | sort -u
}

done=
if has_part faults; then
	run=$tmp/run.faults
	is_complete "$run" 6 4
	same "$(release_of "$run" old)" "$old_release" 'the kernel of old'
	same "$(release_of "$run" new)" "$new_release" 'the kernel of new'
	for n in 002 003 004 005; do [ -e "$run/campaign/$n.1/lost.json" ] || die "the loss of boot $n is not kept"; done
	same "$(member "$run/campaign/003.1/lost.json" bootstatus)" 32 'what the watchdog says of the hang'
	member "$run/campaign/005.1/lost.json" why | grep -q 'has less than 16 MiB left' || die 'nobody says that the disk was full'
	on_console 'boot 5 waits for room' || die 'the machine did not wait for room'
	on_console 'the clock was set back 1 time' || die 'the clock that was set back is not counted'
	done="$done, 4 attempts lost and made again, the clock set back"
fi
if has_part install; then
	run=$tmp/run.install
	is_complete "$run" 2 0
	same "$(count "built:guest has no 'ext4', which the root's disk needs")" 1 'refusals of a kernel for guests'
	deb_release=$(dpkg-deb -f "${kept%.img}.deb" Package | sed 's/^linux-image-//')
	same "$(release_of "$run" deb)" "$deb_release" 'the kernel of deb'
	same "$(release_of "$run" same)" "$old_release" 'the kernel of same'
	grep -q '"installed": "deb:/lab/kernel.deb"' "$run/run.json" || die 'the run does not say where its kernel came from'
	done="$done, a kernel installed and removed"
fi
if has_part stop; then
	# one that was stopped, from a kernel of its own
	same "$(count 'test: stop ended with 0')" 1 'campaigns that were stopped'
	same "$(member "$tmp/run.stop/run.json" status)" incomplete 'status of the run that was stopped'
	on_console "test: up, $(ls "$cloud/lib/modules") 1.1" || die 'the kernel that was installed did not come up'
	done="$done, a campaign stopped from a kernel that it had installed"
fi

# --- no trace of them ---
same "$(said | sed -n 's/^test: up, //p' | tail -n 1)" "$new_release of itself" 'the last start'
same "$(diff "$tmp/before" "$tmp/after")" '' 'files that are left, or gone'
same "$(cat "$tmp/menu-after")" "$(cat "$tmp/menu-before")" 'what grub.cfg offers, and its default'
same "$(said | sed -n 's/^test: up, \(.*\) of itself$/\1/p' | sort -u)" "$new_release" 'what the machine starts of itself'
grep -E 'next_entry|mlocklab' "$tmp/grubenv" && die 'grubenv is not as it was'
echo "$(cat "$tmp"/run.*/boots/[0-9][0-9][0-9]/boot.json | grep -c '"outcome"') boots measured, $(count 'test: up') starts of the machine$done"
