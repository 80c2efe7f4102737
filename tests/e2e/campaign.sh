#!/bin/sh
# What mlocklab campaign refuses, each with one line, before anything is changed; and what it does where no kernel
# ever comes up. That they do takes a machine that can be started again: make check-campaign.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

[ ! -e /var/lib/mlocklab/campaign ] || skip 'a campaign is under way on this machine'

refusals=0
# refused TEXT ARGUMENT...
refused() {
	text=$1
	shift
	expect 2 "$@"
	says "$text"
	[ "$(wc -l <"$err")" = 1 ] || die "more than a line: $(cat "$err")"
	[ ! -e "$tmp/run" ] || die 'it made a run'
	[ ! -e /var/lib/mlocklab/campaign ] || die 'it left a state'
	refusals=$((refusals + 1))
}

campaign=$libexec/mlocklab-campaign
start="start configs/smoke.ini --kernel boot:a --kernel boot:b --no-watchdog --out $tmp/run"
refused "'go': start EXPERIMENT, status, stop or watch HOST is wanted" "$campaign" go
refused "'status now': start EXPERIMENT, status, stop or watch HOST is wanted" "$campaign" status now
refused "start EXPERIMENT, status, stop or watch HOST is wanted" "$campaign" start
# shellcheck disable=SC2086 # words
refused '--limit=0: not a number from 1 to 10000' "$campaign" $start --limit 0
expect 0 "$campaign" status
grep -qx 'no campaign is under way on this machine' "$out" || die "status says: $(cat "$out")"
# A second machine's part: what answers as the first is a script, which falls silent and comes back when it is reset
watched() {
	PATH=$tmp/bin:$PATH expect "$1" "$campaign" watch lab --silent 1 --reset-command "$2"
}
mkdir "$tmp/bin"
cat >"$tmp/bin/ssh" <<END
#!/bin/sh
echo "\$@" >>$tmp/asked
n=\$(wc -l <$tmp/asked)
[ -e $tmp/dead ] && exit 255
[ "\$n" -lt 3 ] && { echo '{"trying":2,"attempt":1,"arm":"new","measuring":true}'; exit; }
[ -e $tmp/reset ] || exit 255
END
chmod +x "$tmp/bin/ssh"
refused "watch resets 'lab' where it falls silent: say how with --reset-command" "$campaign" watch lab
watched 0 "echo x >>$tmp/reset"
same "$(cat "$tmp/reset")" x 'resets'
grep -qx 'lab: boot 2 of new, attempt 1, is measured' "$out" || die "it does not say where: $(cat "$out")"
grep -qx 'lab: silent for 1 s: reset' "$out" || die "it does not say that it resets: $(cat "$out")"
grep -qx 'lab: no campaign is under way' "$out" || die "it does not say how it ends: $(cat "$out")"
rm "$tmp/asked" "$tmp/reset"
watched 2 'echo x >>'"$tmp"'/reset; touch '"$tmp/dead"
says "'lab' was reset 3 times and stays silent: look at it"
same "$(wc -l <"$tmp/reset" | tr -d ' ')" 3 'resets'
rm "$tmp/dead" "$tmp/asked" "$tmp/reset"
watched 2 'exit 3'
says "the reset command 'exit 3' failed"
touch "$tmp/dead"
watched 2 true
says "'lab' cannot be watched"
[ ! -e "$tmp/reset" ] || die 'a machine that never answered was reset'

if [ "$(id -u)" = 0 ]; then
	chmod 755 "$tmp"
	# shellcheck disable=SC2086
	refused 'a campaign starts this machine anew: only root may' as_nobody "$campaign" $start
	refused "only root may stop it" as_nobody "$campaign" stop
	# with mounts of its own, in which this is one machine or another, and never one that goes down
	cat >"$tmp/machine" <<'END'
for d in /run /boot /var/lib /etc/systemd; do mount -t tmpfs none $d || exit 77; done
mkdir /run/bin && PATH=/run/bin:$PATH && ln -s /bin/true /run/bin/systemctl
# what of /sys is not told otherwise is this machine's
own_sys() {
	mkdir /run/sys && mount --rbind /sys /run/sys && mount -t tmpfs none /sys || exit 77
	for d in /run/sys/*; do ln -s "$d" /sys/; done
}
# told TEXT PATH: in /sys
told() {
	dir=/sys
	for part in $(dirname "$2" | tr / ' '); do
		dir=$dir/$part
		if [ -L "$dir" ]; then
			was=$(readlink -f "$dir")
			rm "$dir"
			mkdir "$dir"
			for d in "$was"/*; do ln -s "$d" "$dir/"; done
		fi
		mkdir -p "$dir"
	done
	rm -f "/sys/$2"
	printf "$1" >"/sys/$2"
}
grub() {
	mkdir -p /run/systemd/system /boot/grub
	echo next_entry custom.cfg >/boot/grub/grub.cfg
	: >/boot/grub/grubenv
	for p in grub-editenv grub-probe grub-mkrelpath; do ln -s /bin/true /run/bin/$p; done
}
# obedient: what GRUB and systemd are told can be read
obedient() {
	cat >/run/bin/editenv <<'EDIT'
#!/bin/sh
env=$1 verb=$2
shift 2
for v; do
	sed -i "/^${v%%=*}=/d" "$env"
	[ "$verb" = unset ] || echo "$v" >>"$env"
done
EDIT
	printf '#!/bin/sh\necho "$1"\n' >/run/bin/relpath
	printf '#!/bin/sh\ncase "$*" in *reboot) touch /run/rebooted ;; esac\n' >/run/bin/ctl
	chmod +x /run/bin/editenv /run/bin/relpath /run/bin/ctl
	mv /run/bin/editenv /run/bin/grub-editenv
	mv /run/bin/relpath /run/bin/grub-mkrelpath
	mv /run/bin/ctl /run/bin/systemctl
}
# kernels: those of the arms, with all that this machine's root takes built in
kernels() {
	if [ ! -d /lib/modules ]; then
		mkdir /run/upper /run/work
		mount -t overlay none -o lowerdir=/usr/lib,upperdir=/run/upper,workdir=/run/work /usr/lib || exit 77
		mkdir -p /lib/modules
	fi
	mount -t tmpfs none /lib/modules || exit 77
	for k in "$OLD" "$NEW"; do
		release=$(ls "$k/lib/modules")
		cp "$k/vmlinuz" "/boot/vmlinuz-$release"
		mkdir "/lib/modules/$release"
		for m in /sys/module/*; do echo "kernel/${m##*/}.ko"; done >"/lib/modules/$release/modules.builtin"
	done
}
# brings: what kernels that are installed take
brings() {
	for p in dpkg update-grub; do ln -s /bin/true /run/bin/$p; done
	printf "boot_once\nmenuentry x \$menuentry_id_option 'gnulinux-%s-advanced-U' {\n}\n" "$(uname -r)" >>/boot/grub/grub.cfg
}
eval "$PREPARE"
$START
code=$?
eval "${AFTER:-:}" || exit 99
exit $code
END
	expect 0 mlocklab kernels fetch debian:5.10 debian:6.1
	cache=$(./mlocklab --paths | sed -n 's/^cache //p')
	OLD=$(ls -d "$cache"/kernels/linux-image-5.10.*-cloud-amd64_* | head -n 1)
	NEW=$(ls -d "$cache"/kernels/linux-image-6.1.*-cloud-amd64_* | head -n 1)
	old=$(ls "$OLD/lib/modules") new=$(ls "$NEW/lib/modules")
	ROOT=$(awk '$2 == "/" { print $3; exit }' /proc/self/mounts)
	export OLD NEW ROOT
	within() {
		PREPARE=$1 START="$campaign $start" own_mounts sh "$tmp/machine"
	}
	# of the kernels that are there: among PREPARE OPTION...
	among() {
		prepare=$1
		shift
		PREPARE=$prepare START="$campaign start configs/smoke.ini --out $tmp/run $*" own_mounts sh "$tmp/machine"
	}
	arms="--kernel boot:$old --kernel boot:$new"
	# --- a campaign whose kernels never come up, from its start to its end: all that a machine does by itself but
	# the boots
	cat >"$tmp/in-vain" <<'END'
set -eu
run=$1 campaign=$2
shift 2
say() { echo "FAIL: $*" >&2; exit 1; }
mkdir -p /etc/systemd/system
find /etc/systemd /boot /var/lib | sort >/run/before
# start_machine N: it comes back with its default
start_machine() {
	echo "00000000-0000-4000-8000-00000000000$1" >/run/boot_id
	rm -f /run/rebooted
}
echo 00000000-0000-4000-8000-000000000000 >/run/boot_id
mount --bind /run/boot_id /proc/sys/kernel/random/boot_id
"$campaign" start configs/smoke.ini --pairs 1 --no-watchdog --out "$run" "$@"
[ -e /run/rebooted ] || say 'the machine was not started anew'
[ -e /etc/systemd/system/multi-user.target.wants/mlocklab-campaign.service ] || say 'no unit'
grep -q "^menuentry 'mlocklab " /boot/grub/custom.cfg || say 'no menu entry'
# what a second machine asks this one
printf '#!/bin/sh\nfor last; do :; done\nexec sh -c "$last"\n' >/run/bin/ssh
chmod +x /run/bin/ssh
"$campaign" watch lab --reset-command false >/run/watched &
until grep -qx 'lab: boot 1 of kernel2*, attempt 1, is to come up' /run/watched; do kill -0 $! || say 'watch does not see it'; done
kill $!
for n in 1 2 3 4 5 6; do
	grep -qx "mlocklab_boot=$(((n + 2) / 3)).$(((n - 1) % 3 + 1))" /boot/grub/grubenv || say "$n: $(cat /boot/grub/grubenv)"
	"$campaign" status | grep -qx "$(((n - 1) / 3)) of 2 boots are over$([ "$n" -lt 4 ] || echo ", 1 of them given up")" ||
		say "status: $("$campaign" status)"
	start_machine "$n"
	"$campaign" step
	[ "$n" = 6 ] || [ -e /run/rebooted ] || say "$n: the machine was not started anew"
done
[ ! -e /run/rebooted ] || say 'the machine was started anew after the end'
find /etc/systemd /boot /var/lib | sort | diff /run/before - || say 'something is left'
grep -E 'next_entry|mlocklab' /boot/grub/grubenv && say 'grubenv is not as it was'
"$campaign" status | grep -qx 'no campaign is under way on this machine' || say 'it is still under way'
"$campaign" watch lab --reset-command false | grep -qx 'lab: no campaign is under way' || say 'watch does not see its end'
END
	in_vain() {
		PREPARE='grub; kernels; obedient' START="sh $tmp/in-vain $tmp/run $campaign $arms" own_mounts sh "$tmp/machine"
	}
	expect 0 in_vain
	grep -qx 'boot 2: given up after 3 attempts; the last: .* did not come up: the machine came back with .*' "$out" ||
		die "it does not say what it gives up: $(cat "$out")"
	grep -qx '2 of 2 boots are over, 2 of them given up' "$out" || die "it does not say its end: $(cat "$out")"
	grep -qx '6 attempts were lost:' "$out" || die "it does not say what was lost: $(cat "$out")"
	same "$(member "$tmp/run/run.json" status)" complete 'status of a run whose boots were given up'
	for n in 1 2; do
		same "$(outcome_of "$tmp/run" $n)" died "outcome of boot $n, given up"
		same "$(member "$tmp/run/boots/00$n/boot.json" attempts)" 3 'its attempts'
		detail_of "$tmp/run" $n | grep -q '^given up after 3 attempts; the last: ' || die "detail: $(detail_of "$tmp/run" $n)"
	done
	same "$(find "$tmp/run/campaign" -name lost.json | wc -l | tr -d ' ')" 6 'losses that are kept'
	expect 0 mlocklab fsck "$tmp/run"
	expect 0 mlocklab compare "$tmp/run"
	grep -qx 'INCONCLUSIVE: nothing to compare' "$out" || die "compare finds: $(head -n 1 "$out")"
	rm -r "$tmp/run"

	# --- a disk that is full when the machine comes back, and a clock that was set back: it waits, and goes on
	cat >"$tmp/full" <<'END'
set -eu
run=$1 campaign=$2
shift 2
say() { echo "FAIL: $*" >&2; exit 1; }
mount -t tmpfs -o size=48M none /var/lib
echo 00000000-0000-4000-8000-000000000000 >/run/boot_id
mount --bind /run/boot_id /proc/sys/kernel/random/boot_id
"$campaign" start configs/smoke.ini --pairs 1 --no-watchdog --out "$run" "$@"
[ -e /run/rebooted ] || say 'the machine was not started anew'
rm /run/rebooted
echo 00000000-0000-4000-8000-000000000001 >/run/boot_id
# waits WHY: the step fails with this, and the machine stays up
waits() {
	! "$campaign" step >/run/said 2>&1 || say 'it does not wait'
	grep -q "$1" /run/said || say "it waits, and says: $(cat /run/said)"
	[ ! -e /run/rebooted ] || say 'the machine was started anew on a full disk'
	grep -qx mlocklab_boot=1.1 /boot/grub/grubenv || say "grubenv: $(cat /boot/grub/grubenv)"
}
# not a byte is left: not even the loss can be written
dd if=/dev/zero of=/var/lib/full bs=64k 2>/dev/null || :
waits 'No space left on device'
# some, but too little to begin another boot with; the loss is counted once, however long it lasts
rm /var/lib/full
dd if=/dev/zero of=/var/lib/full bs=1M count=34 2>/dev/null
sed -i 's/"clock": [0-9]*/"clock": 4000000000/' /var/lib/mlocklab/campaign/state.json
waits "boot 1 waits for room: the disk of '/var/lib/mlocklab/campaign' has less than 16 MiB left"
grep -q '^the clock was set back by [0-9]* s, on which nothing depends$' /run/said || say "the clock: $(cat /run/said)"
waits 'boot 1 waits for room'
"$campaign" status >/run/said
for line in 'boot 1 of kernel.*, attempt 2, is to come up' '1 attempts were lost:' 'the clock was set back 1 time'; do
	grep -qx "$line" /run/said || say "status: $(cat /run/said)"
done
rm /var/lib/full
"$campaign" step
[ -e /run/rebooted ] || say 'it does not go on where there is room'
grep -qx mlocklab_boot=1.2 /boot/grub/grubenv || say "grubenv: $(cat /boot/grub/grubenv)"
"$campaign" stop
[ ! -e /var/lib/mlocklab ] || say 'something is left'
END
	full() {
		PREPARE='grub; kernels; obedient' START="sh $tmp/full $tmp/run $campaign $arms" own_mounts sh "$tmp/machine"
	}
	expect 0 full
	[ -e "$tmp/run/campaign/001.1/lost.json" ] || die 'the loss is not kept'
	rm -r "$tmp/run"

	refused 'no systemd, whose units' within :
	refused "no GRUB to boot by: cannot open '/boot/grub/grub.cfg'" within 'mkdir -p /run/systemd/system'
	refused "'/boot/grub/grub.cfg' does not obey next_entry: let update-grub write it" within \
		'grub; echo >/boot/grub/grub.cfg'
	refused "'/boot/grub/grub.cfg' does not obey custom.cfg" within 'grub; echo next_entry >/boot/grub/grub.cfg'
	refused "no '/boot/grub/grubenv', which says what is booted next" within 'grub; rm /boot/grub/grubenv'
	refused "'/boot/grub' is on lvm, where GRUB cannot clear next_entry" within \
		'grub; rm /run/bin/grub-probe; printf "#!/bin/sh\necho lvm\n" >/run/bin/grub-probe; chmod +x /run/bin/grub-probe'
	refused "no program 'grub-editenv': install grub2-common" within 'grub; rm /run/bin/grub-editenv'
	refused "cannot read kernel image '/boot/vmlinuz-a'; in /boot there are: c" within 'grub; : >/boot/vmlinuz-c'
	refused "'/boot' has less than 4 MiB left: make some room there" within \
		'umount /boot; mount -t tmpfs -o size=1M none /boot; grub'
	refused "a campaign is under way on this machine: 'mlocklab campaign status' tells of it" within \
		'grub; mkdir -p /var/lib/mlocklab/campaign; : >/var/lib/mlocklab/campaign/state.json'
	refused 'this machine runs on its battery: connect its charger' within \
		'grub; own_sys; told "Discharging\n" class/power_supply/BAT0/status'
	refused 'the swap space that this machine resumes from holds a suspended system' within \
		'grub; own_sys; told "8:3\n" power/resume; told "1\n" power/resume_offset; mkdir /run/dev
		cp -a /dev/null /run/dev/; mkdir /run/dev/block; truncate -s 8182 /run/dev/block/8:3; mount --bind /run/dev /dev
		printf "S1SUSPEND\0" >>/dev/block/8:3'
	refused "kernel 'debian:6.1' is not one that a campaign brings to this machine: install it, and name it boot:" \
		among 'grub; kernels' --kernel "boot:$old" --kernel debian:6.1
	refused "kernels that a campaign has installed are still here: 'mlocklab campaign stop' removes them" within \
		'grub; mkdir -p /var/lib/mlocklab/campaign; : >/var/lib/mlocklab/campaign/packages.json'
	# --- kernels that it would install: one whose package holds an image and nothing else
	mkdir -p "$tmp/deb/DEBIAN" "$tmp/deb/boot" "$tmp/deb/lib/modules/$new"
	printf 'Package: linux-image-test\nVersion: 1\nArchitecture: amd64\nMaintainer: x\nDescription: x\n' \
		>"$tmp/deb/DEBIAN/control"
	cp "$NEW/vmlinuz" "$tmp/deb/boot/vmlinuz-$new"
	cp "$NEW/lib/modules/$new/modules.builtin" "$tmp/deb/lib/modules/$new/"
	for m in /sys/module/*; do echo "kernel/${m##*/}.ko"; done >>"$tmp/deb/lib/modules/$new/modules.builtin"
	expect 0 dpkg-deb --root-owner-group -Znone -b "$tmp/deb" "$tmp/good.deb"
	: >"$tmp/deb/lib/modules/$new/modules.builtin"
	expect 0 dpkg-deb --root-owner-group -Znone -b "$tmp/deb" "$tmp/guest.deb"
	rm -r "$tmp/deb"
	export MLOCKLAB_CACHE="$tmp/cache"
	bring="grub; kernels; brings; rm -r /boot/vmlinuz-$new /lib/modules/$new"
	bringing() {
		among "$1" --kernel "boot:$old" --kernel "deb:$tmp/good.deb" --no-watchdog
	}
	refused "cannot read package '$tmp/none.deb'" among "$bring" --kernel "boot:$old" --kernel "deb:$tmp/none.deb" --no-watchdog
	refused "deb:$tmp/guest.deb has no '$ROOT', which the root's disk needs: a kernel of this machine's own" among \
		"$bring; own_sys; told 'live\n' module/$ROOT/initstate" --kernel "boot:$old" --kernel "deb:$tmp/guest.deb" --no-watchdog
	refused "deb:$tmp/good.deb is another kernel than '/boot/vmlinuz-$new', and of the same release" bringing \
		"$bring; : >/boot/vmlinuz-$new"
	refused "'/lib/modules/$new' is there, and no '/boot/vmlinuz-$new': remove these modules first" bringing \
		"$bring; mkdir /lib/modules/$new"
	refused "is version 1 of linux-image-test, and this machine has 2: a campaign replaces no package" bringing \
		"$bring"'; printf "#!/bin/sh\nprintf \"installed 2\"\n" >/run/bin/dpkg-query; chmod +x /run/bin/dpkg-query'
	refused "'/boot/grub/grub.cfg' has no entry of $(uname -r), which runs now, to come back to" bringing \
		"$bring; sed -i /gnulinux/d /boot/grub/grub.cfg"
	refused "the kernels take " bringing "umount /boot; mount -t tmpfs -o size=40M none /boot; $bring"
	# dpkg fails: what it did is undone, and nothing else is left
	AFTER='find /etc/systemd /boot /var/lib | sort | diff /run/before -' refused 'dpkg --install failed, and says above why' \
		bringing "$bring"'; mkdir /etc/systemd/system; find /etc/systemd /boot /var/lib | sort >/run/before
		ln -sf /bin/false /run/bin/dpkg'
	unset MLOCKLAB_CACHE

	# shellcheck disable=SC2086 # words
	{
		refused 'no hardware watchdog in /sys/class/watchdog' among 'grub; kernels; own_sys; rm /sys/class' $arms
		refused "boot:$old has no driver 'i6300esb' for this machine's watchdog" among \
			'grub; kernels; own_sys; told "i6300ESB timer\n" class/watchdog/watchdog0/identity
			mkdir -p /sys/class/watchdog/watchdog0/device/driver/i6300esb
			ln -s i6300esb /sys/class/watchdog/watchdog0/device/driver/module' $arms
		refused "which the root's disk needs, as a module, and no initramfs in /boot: 'update-initramfs -c -k $old' makes one" \
			among 'grub; kernels; own_sys; told "live\n" module/$ROOT/initstate' $arms --no-watchdog
		refused "which the root's disk needs, in '/lib/modules/$old'" among \
			'grub; kernels; own_sys; told "live\n" module/$ROOT/initstate; : >/boot/initrd.img-'"$old" $arms --no-watchdog
		# the place of its signature says that there is none
		refused "Secure Boot is on, and '/boot/vmlinuz-$old' is signed by nobody: sign it, or turn Secure Boot off" among \
			'grub; kernels; own_sys; told "\6\0\0\0\1" firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c
			pe=$(od -An -tu4 -j60 -N4 /boot/vmlinuz-'"$old"')
			head -c 4 /dev/zero | dd of=/boot/vmlinuz-'"$old"' bs=1 seek=$((pe + 172)) conv=notrunc status=none' \
			$arms --no-watchdog
	}
fi
echo "$refusals refusals"
