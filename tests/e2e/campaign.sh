#!/bin/sh
# What mlocklab campaign refuses, each with one line, before anything is changed. That it works takes a machine
# that can be started again: make check-campaign.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

[ ! -e /var/lib/mlocklab/campaign ] || skip 'a campaign is under way on this machine'

# refused TEXT ARGUMENT...
refused() {
	text=$1
	shift
	expect 2 "$@"
	says "$text"
	[ "$(wc -l <"$err")" = 1 ] || die "more than a line: $(cat "$err")"
	[ ! -e "$tmp/run" ] || die 'it made a run'
	[ ! -e /var/lib/mlocklab/campaign ] || die 'it left a state'
}

campaign=$libexec/mlocklab-campaign
start="start configs/smoke.ini --kernel boot:a --kernel boot:b --out $tmp/run"
refused "'go': start EXPERIMENT, status or stop is wanted" "$campaign" go
refused "'status now': start EXPERIMENT, status or stop is wanted" "$campaign" status now
refused "start EXPERIMENT, status or stop is wanted" "$campaign" start
# shellcheck disable=SC2086 # words
refused '--limit=0: not a number from 1 to 10000' "$campaign" $start --limit 0
expect 0 "$campaign" status
grep -qx 'no campaign is under way on this machine' "$out" || die "status says: $(cat "$out")"
if [ "$(id -u)" = 0 ]; then
	chmod 755 "$tmp"
	# shellcheck disable=SC2086
	refused 'a campaign starts this machine anew: only root may' as_nobody "$campaign" $start
	refused "only root may stop it" as_nobody "$campaign" stop
	# with a mount of its own, in which this is a machine without and with GRUB, and never one that goes down
	cat >"$tmp/machine" <<'END'
mount -t tmpfs none /run && mount -t tmpfs none /boot || exit 77
eval "$PREPARE"
exec $START
END
	within() {
		PREPARE=$1 START="$campaign $start" own_mounts sh "$tmp/machine"
	}
	refused 'no systemd, whose units' within :
	refused "no GRUB to boot by: cannot open '/boot/grub/grub.cfg'" within 'mkdir -p /run/systemd/system'
	refused "'/boot/grub/grub.cfg' does not obey next_entry: let update-grub write it" within \
		'mkdir -p /run/systemd/system /boot/grub /run/bin; echo >/boot/grub/grub.cfg
		for p in grub-editenv grub-probe grub-mkrelpath; do ln -s /bin/true /run/bin/$p; done; PATH=/run/bin:$PATH'
	refused "no '/boot/grub/grubenv', which says what is booted next" within \
		'mkdir -p /run/systemd/system /boot/grub /run/bin; echo next_entry custom.cfg >/boot/grub/grub.cfg
		for p in grub-editenv grub-probe grub-mkrelpath; do ln -s /bin/true /run/bin/$p; done; PATH=/run/bin:$PATH'
	refused "'/boot/grub' is on lvm, where GRUB cannot clear next_entry" within \
		'mkdir -p /run/systemd/system /boot/grub /run/bin; echo next_entry custom.cfg >/boot/grub/grub.cfg
		: >/boot/grub/grubenv; printf "#!/bin/sh\necho lvm\n" >/run/bin/grub-probe; chmod +x /run/bin/grub-probe
		for p in grub-editenv grub-mkrelpath; do ln -s /bin/true /run/bin/$p; done; PATH=/run/bin:$PATH'
	refused "cannot read kernel image '/boot/vmlinuz-a'; in /boot there are: c" within \
		'mkdir -p /run/systemd/system /boot/grub /run/bin; echo next_entry custom.cfg >/boot/grub/grub.cfg
		: >/boot/grub/grubenv; : >/boot/vmlinuz-c
		for p in grub-editenv grub-probe grub-mkrelpath; do ln -s /bin/true /run/bin/$p; done; PATH=/run/bin:$PATH'
fi
echo "$checks refusals"
