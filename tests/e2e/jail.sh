#!/bin/sh
# A guest's QEMU has no rights that it does not need: what the kernel says of one while it runs, in a
# directory that nobody may enter and with a umask that closes everything.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

{ small_experiment | sed '/^\[exit\]/,$d'; } >"$tmp/x.ini"
mkdir -m 700 "$tmp/closed"

# The pid of the QEMU of a run's first boot, once it is QEMU
qemu_of() {
	for qemu in $(pgrep -f "$1/boots/001/"); do
		grep -q '^Seccomp:.2' "/proc/$qemu/status" && return 0
	done
	return 1
}

status_of() {
	awk -v key="$1:" '$1 == key { print $2 }' "/proc/$qemu/status"
}

# held RUN: whether a member of the run's jail is true
held() {
	grep -q "\"$2\": true" "$1/run.json"
}

# jailed NAME OPTION...: runs with these options and looks at its QEMU
jailed() {
	run=$tmp/closed/$1
	shift
	(umask 077 && exec "$libexec/mlocklab-run" "$tmp/x.ini" --out "$run" "$@") >"$out" 2>"$err" &
	job=$!
	wait_for 60 qemu_of "$run"
	kill -STOP "$qemu"
	same "$(status_of CapEff)" 0000000000000000 'its capabilities'
	same "$(status_of CapPrm)" 0000000000000000 'those it may have'
	same "$(status_of NoNewPrivs)" 1 'no new privileges'
	same "$(status_of Seccomp)" 2 'its filter of system calls'
	held "$run" seccomp || die 'run.json does not tell of the filter'
	if held "$run" not_root; then
		[ "$(status_of Uid)" != 0 ] || die 'it is root'
	else
		[ "$(id -u)" != 0 ] || says "its uid is root's"
	fi
	if held "$run" own_network; then
		[ "$(readlink "/proc/$qemu/ns/net")" != "$(readlink /proc/self/ns/net)" ] || die 'it has our network'
		same "$(grep -c : "/proc/$qemu/net/dev")" 1 'interfaces, of which one is lo'
	else
		says 'it shares our network'
	fi
	if held "$run" read_only; then
		awk '$5 == "/" && $6 !~ /(^|,)ro(,|$)/ { exit 1 }' "/proc/$qemu/mountinfo" || die 'it can write to /'
	fi
	grep -q '^Max core file size *0 ' "/proc/$qemu/limits" || die 'it may leave a core'
	# sanitizers reserve terabytes of addresses, and let a guest have them
	[ "$libexec" != build/libexec ] || ! grep -q '^Max address space *unlimited' "/proc/$qemu/limits" ||
		die 'its memory has no limit'
	! grep -q '^Max file size *unlimited' "/proc/$qemu/limits" || die 'its files have no limit'
	# 0 to 2 and its own; nothing that leads to the run but its console and its words
	same "$(find "/proc/$qemu/fd" -lname "$run/*" ! -lname '*/console.log' ! -lname '*/qemu.log' | wc -l)" 0 'files of the run'
	kill -CONT "$qemu"
	wait "$job"
	same $? 0 'the run'
	same "$(outcome_of "$run" 1)" ok 'a boot in the jail'
	same "$(stat -c %u "$run/boots/001/console.log")" "$(id -u)" 'whose its console is afterwards'
	checks=$((checks + 4))
}

jailed installed
cached=
if [ -n "$(find "${MLOCKLAB_CACHE:-cache}/qemu" -name qemu.json 2>/dev/null)" ]; then
	cached=', and the cached one'
	jailed cached --qemu cached
fi

# A QEMU that was built without a filter is run without, and that is said.
cat >"$tmp/unfiltered" <<'SH'
#!/bin/sh
case "$*" in
*-sandbox*) echo 'qemu: -sandbox support is not enabled in this QEMU binary' >&2; exit 1 ;;
esac
exec qemu-system-x86_64 "$@"
SH
chmod 755 "$tmp/unfiltered"
expect 0 mlocklab run "$tmp/x.ini" --qemu "$tmp/unfiltered" --out "$tmp/unfiltered-run"
says 'QEMU is not confined as it should be'
says 'it filters no system calls'
! held "$tmp/unfiltered-run" seccomp || die 'run.json tells of a filter'

# A profiled boot has a plugin that reads and writes files of its own.
{ small_experiment 'profile=1' | sed '/^\[exit\]/,$d'; } >"$tmp/profile.ini"
expect 0 mlocklab run "$tmp/profile.ini" --out "$tmp/closed/profile"
[ -s "$tmp/closed/profile/boots/002/profile.txt" ] || die 'the profiler wrote nothing'

echo "$checks checks: the installed QEMU$cached"
