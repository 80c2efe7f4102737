#!/bin/sh
# Nothing is written outside the results, the cache and, by a host run, its lock and journal in /run (here
# $MLOCKLAB_STATE): with all else mounted read-only the lab runs this machine and guests and reports. And
# guests need no root.
# alone: it measures this machine
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"
export MLOCKLAB_STATE="$tmp/state"
mkdir -m 777 "$MLOCKLAB_STATE"

own_mounts mount --make-rprivate / 2>/dev/null || skip 'needs mounts of its own (unshare -rm), and / to be one'

expect 0 mlocklab kernels fetch debian:6.1
set -- "${MLOCKLAB_CACHE:-cache}"/kernels/linux-image-6.1.*/
kernel=$(realpath "$1")
spec=image:$kernel/vmlinuz,config=$kernel/config

cat >"$tmp/inner" <<'EOF2'
#!/bin/sh
# Run in a mount namespace of its own: inner DIR LIBEXEC
set -u
dir=$1 libexec=$2
fail() {
	echo "FAIL: $*" >&2
	exit 1
}

mount --make-rprivate / || fail 'no private mounts'
for place in "$dir/results" "$dir/cache" "$dir/state"; do
	mkdir -p "$place" && mount --bind "$place" "$place" || fail "no bind mount of $place"
done
awk '{ print $5 }' /proc/self/mountinfo | while read -r place; do
	case $place in
	/proc* | /sys* | /dev* | "$dir/results" | "$dir/cache" | "$dir/state") ;;
	*) mount -o remount,bind,ro "$(printf '%b' "$place")" || echo "$place stays writable" ;;
	esac
done
for place in /tmp /var/tmp "$dir" "$PWD" /run "$HOME"; do
	! touch "$place/mlocklab-was-here" 2>/dev/null || fail "$place is writable"
done
export MLOCKLAB_CACHE="$dir/cache"
sh -ex "$dir/verbs" "$dir/results" "$libexec" || fail "a verb"
EOF2

cat >"$tmp/host.ini" <<'EOF2'
[global]
target=host
pairs=1
iterations=1
warmup=0
settle=1
[exit]
workload=exit-mlocked
procs=2
size=1M
[fio]
workload=fio
size=1M
[stress]
workload=stress-ng
EOF2
small_experiment | sed "s|^kernel=.*|kernel=$spec|; /^\[exit\]/,\$d" >"$tmp/guest.ini"

cat >"$tmp/verbs" <<EOF2
"\$2/mlocklab-run" "$tmp/host.ini" --out "\$1/host"
"\$2/mlocklab-run" "$tmp/guest.ini" --out "\$1/guest"
"\$2/mlocklab-report" "\$1/guest"
EOF2

touch "$tmp/stamp"
expect 0 own_mounts sh "$tmp/inner" "$tmp" "$libexec"
same "$(outcome_of "$tmp/results/host" 1)" ok 'the session on this machine'
same "$(grep -c '"outcome":"ok"' "$tmp/results/guest/boots/001/samples.jsonl")" 2 'samples of a guest'
find /dev /run -xdev -newer "$tmp/stamp" -name '*mlock*' | grep . && die 'it left something'
[ -s "$tmp/results/guest/report/index.html" ] || die 'no report'

if [ "$(id -u)" != 0 ]; then
	echo "$checks checks, as $(id -un)"
elif chmod 755 "$tmp" && as_nobody test -r "$kernel/vmlinuz" && as_nobody test -r "$(realpath "$libexec")/mlocklab-run"; then
	mkdir "$tmp/nobody" && chown 65534 "$tmp/nobody"
	expect 0 as_nobody env MLOCKLAB_CACHE="$tmp/nobody/cache" "$libexec/mlocklab-run" "$tmp/guest.ini" --out "$tmp/nobody/run"
	same "$(outcome_of "$tmp/nobody/run" 1)" ok 'a guest of nobody'
	expect 0 as_nobody "$libexec/mlocklab-report" "$tmp/nobody/run"
	echo "$checks checks, as root and as nobody"
else
	echo "$checks checks, as root only: what nobody would run is closed to him"
fi
