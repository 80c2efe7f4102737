#!/bin/sh
# The runner is killed at random moments and started again with --resume: no record is lost or
# doubled, and in the end the samples are those of a run nobody disturbed, byte for byte, and so is what
# compare makes of them.
# KILLS=50 tests/e2e/resume.sh tries longer.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

kills=${KILLS:-5}

{ small_experiment && printf '[arm:other]\nkernel=debian:5.10\n'; } >"$tmp/x.ini"
expect 0 mlocklab run "$tmp/x.ini" --out "$tmp/whole"

# What compare says of a run, in which nothing names the run
judgement() {
	mlocklab compare --all --format csv "$1"
	[ $? -le 1 ]
}
judgement "$tmp/whole" >"$tmp/judgement" || die 'no comparison of the undisturbed run'

start() {
	if [ -e "$tmp/run/run.json" ]; then
		set -- --resume "$tmp/run"
	else
		set -- "$tmp/x.ini" --out "$tmp/run"
	fi
	"$libexec/mlocklab-run" "$@" >>"$tmp/log" 2>&1 &
	job=$!
}

nobody_left() {
	! pgrep -f "$tmp/run/boots" >/dev/null
}

seed=$(date +%s%N)
echo "moments from seed $seed"
moments=$(awk -v seed="$seed" -v n="$kills" 'BEGIN { srand(seed); while (n--) print rand() * 7 }')
early=0
for moment in $moments; do
	start
	sleep "$moment"
	kill -KILL "$job" 2>/dev/null
	wait "$job"
	[ $? = 137 ] || early=$((early + 1))
	wait_for 10 nobody_left
	checks=$((checks + 1))
done

# Ctrl-C, where there is still something to be done; else on a run of its own
[ "$(member "$tmp/run/run.json" status)" = complete ] && mv "$tmp/run" "$tmp/killed"
start
wait_for 60 pgrep -f "$tmp/run/boots"
kill -INT "$job"
wait "$job"
same $? 2 'exit code of a run that was interrupted'
same "$(member "$tmp/run/run.json" status)" incomplete 'its status'
grep -q "go on with: mlocklab run --resume $tmp/run" "$tmp/log" || die "it does not say how to go on"
wait_for 10 nobody_left

expect 0 mlocklab run --resume "$tmp/run"
same "$(member "$tmp/run/run.json" status)" complete 'status of the run that was resumed'
expect 0 mlocklab run --resume "$tmp/run"

compared=0
for run in "$tmp/run" "$tmp/killed"; do
	[ -d "$run" ] || continue
	for n in 001 002; do
		cmp "$run/boots/$n/samples.jsonl" "$tmp/whole/boots/$n/samples.jsonl" ||
			die "boot $n is not as an undisturbed run has it"
		same "$(member "$run/boots/$n/boot.json" outcome)" ok "boot $n"
		compared=$((compared + 1))
	done
	judgement "$run" | cmp - "$tmp/judgement" || die 'it is compared otherwise than an undisturbed run'
done

echo "$((kills - early)) times killed, once interrupted; $compared boots as without"
