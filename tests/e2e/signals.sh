#!/bin/sh
# A signal to any part of the lab ends the whole of it: a verb that runs others, what it runs, and the
# guests. What was measured stays, the run can be gone on with, and no exit code says that all is well.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

{ small_experiment && printf '[arm:other]\nkernel=debian:6.1\n'; } >"$tmp/x.ini"
small_experiment | sed '/^\[exit\]/,$d' >"$tmp/base.ini"

guest_runs() {
	pgrep -f "$1/boots/" >/dev/null
}

nobody_left() {
	! pgrep -f "$1" >/dev/null
}

# ends SIGNAL RUN VERB...: the verb is started, gets the signal while its guests run, and all is over
ends() {
	signal=$1 run=$2 verb=$3
	shift 3
	"$libexec/mlocklab-$verb" "$@" >"$out" 2>"$err" &
	job=$!
	wait_for 60 guest_runs "$run"
	kill "-$signal" "$job"
	wait "$job"
	code=$?
	[ "$code" != 0 ] || die "exit code 0 of $verb after SIG$signal"
	wait_for 20 nobody_left "$run"
	same "$(member "$run/run.json" status)" incomplete "what SIG$signal to $verb left"
	checks=$((checks + 2))
}

for signal in TERM HUP KILL; do
	ends $signal "$tmp/ab-$signal" ab --suite "$tmp/x.ini" --out "$tmp/ab-$signal"
	! grep -q 'compare' "$err" || die "ab went on after SIG$signal"
done
ends HUP "$tmp/run-HUP" run "$tmp/x.ini" --out "$tmp/run-HUP"
ends TERM "$tmp/profile" profile debian:6.1 debian:6.1 null --out "$tmp/profile"
ends TERM "$tmp/calibration/aa" calibrate debian:6.1 --suite "$tmp/base.ini" --target icount --out "$tmp/calibration"

# to a verb that became another, and to one two steps away
expect 0 mlocklab run "$tmp/base.ini" --out "$tmp/base"
ends TERM "$tmp/repeat" repeat "$tmp/base" --pairs 4 --out "$tmp/repeat"
ends TERM "$tmp/gate" gate --baseline "$tmp/base" --kernel debian:6.1 --pairs 4 --out "$tmp/gate"

expect 0 mlocklab run --resume "$tmp/ab-TERM"
same "$(member "$tmp/ab-TERM/run.json" status)" complete 'the run that was gone on with'

echo "$checks checks"
