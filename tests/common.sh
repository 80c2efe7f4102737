# What the end-to-end tests share; each begins with: . "$(dirname "$0")/../common.sh"
# shellcheck shell=sh
# In a test: $tmp is a directory of its own, gone when it passes; $out and $err are files that hold
# what the last program run by `expect` said.
set -u
cd "$(dirname "$0")/../.." || exit 1

libexec=${MLOCKLAB_LIBEXEC:-build/libexec}
# A program that ends with everything still in its hands has no leak to tell of.
export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=0}"

tmp=$(mktemp -d "${TMPDIR:-/tmp}/mlocklab-test-XXXXXX") || exit 1
out=$tmp/stdout err=$tmp/stderr
# a QEMU that root starts is nobody, and a fake one looks for more than a real one needs
chmod 711 "$tmp" || exit 1
# shellcheck disable=SC2034 # tests print it
checks=0

leave() {
	code=$?
	if [ "$code" = 0 ] || [ "$code" = 77 ]; then
		rm -rf "$tmp"
	else
		echo "what it wrote is kept in $tmp"
	fi
	exit "$code"
}
trap leave EXIT
trap 'exit 1' INT TERM

die() {
	echo "FAIL: $*"
	exit 1
}

skip() {
	echo "$*"
	exit 77
}

# mlocklab VERB..., the program under test
mlocklab() {
	verb=$1
	shift
	"$libexec/mlocklab-$verb" "$@"
}

# expect CODE COMMAND...: runs it and checks its exit code
expect() {
	want=$1
	shift
	"$@" >"$out" 2>"$err"
	code=$?
	[ "$code" = "$want" ] || {
		cat "$err"
		die "exit code $code, not $want: $*"
	}
	checks=$((checks + 1))
}

# says TEXT: what the last program wrote to its standard error holds this text
says() {
	grep -qF -e "$1" "$err" || {
		cat "$err"
		die "it does not say: $1"
	}
}

# Runs a command with mounts of its own, as root in a namespace where we are not: own_mounts COMMAND...
own_mounts() {
	if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
		unshare -m "$@"
	else
		unshare -rm "$@"
	fi
}

# A member of a JSON object in a file, for strings and numbers on lines of their own
member() {
	sed -n "s/^ *\"$2\": \"\{0,1\}\([^\",]*\)\"\{0,1\},\{0,1\}\$/\1/p" "$1" | head -n 1
}

same() {
	[ "$1" = "$2" ] || die "$3: '$1', not '$2'"
	checks=$((checks + 1))
}

# Runs a command without root's powers
as_nobody() {
	setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all "$@"
}

# The whole text of a boot's outcome: outcome_of RUN N
outcome_of() {
	member "$(printf '%s/boots/%03d/boot.json' "$1" "$2")" outcome
}

detail_of() {
	sed -n 's/^ *"detail": "\(.*\)",$/\1/p' "$(printf '%s/boots/%03d/boot.json' "$1" "$2")"
}

samples_of() {
	wc -l <"$(printf '%s/boots/%03d/samples.jsonl' "$1" "$2")" | tr -d ' '
}

# Waits, at most N seconds, until a command succeeds: wait_for N COMMAND...
wait_for() {
	tries=$(($1 * 10))
	shift
	while ! "$@" 2>/dev/null; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || die "this never came true: $*"
		sleep 0.1
	done
}

# An experiment of one arm and little work, as a start for others: small_experiment [LINE in [global]...]
small_experiment() {
	echo '[global]'
	echo 'target=icount'
	echo 'pairs=1'
	echo 'iterations=2'
	echo 'warmup=0'
	echo 'memory=512'
	for line; do echo "$line"; done
	echo '[arm:only]'
	echo 'kernel=debian:6.1'
	echo '[floor]'
	echo 'workload=null'
	echo '[exit]'
	echo 'workload=exit-mlocked'
	echo 'procs=2'
	echo 'size=256K'
	echo 'lock=mlock,none'
}
