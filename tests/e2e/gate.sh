#!/bin/sh
# ab, repeat and gate go on with a run that was interrupted, each to its own end; a gate that cannot judge
# says why, with the exit code that git bisect run skips.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

{ small_experiment && printf '[arm:other]\nkernel=debian:5.10\n'; } >"$tmp/x.ini"

# Ctrl-C: the message names the verb that was typed, since that is what goes on to the verdict
"$libexec/mlocklab-ab" --suite "$tmp/x.ini" --workers 1 --out "$tmp/run" >"$tmp/log" 2>&1 &
job=$!
wait_for 60 [ -e "$tmp/run/boots/001/samples.jsonl" ]
kill -INT "$(pgrep -P "$job" -f mlocklab-run)"
wait "$job"
grep -q "go on with: mlocklab ab --resume $tmp/run" "$tmp/log" || die "it says not: $(cat "$tmp/log")"
same "$(member "$tmp/run/run.json" status)" incomplete 'status of what was interrupted'

expect 0 mlocklab ab --resume "$tmp/run"
same "$(member "$tmp/run/run.json" status)" complete 'its status in the end'
[ -s "$tmp/run/report/index.html" ] || die 'ab --resume has made no report'
grep -q 'exit-mlocked' "$out" || die "ab --resume has printed no verdict: $(cat "$out")"
expect 2 mlocklab ab --resume "$tmp/run" --old debian:5.10 --new debian:6.1
says 'mlocklab ab: --resume goes on with the kernels and the suite'

# A boot that is not over is all that is made again
interrupt() {
	mv "$tmp/run/boots/002/boot.json" "$tmp/boot.json"
}
interrupt
expect 0 mlocklab repeat --resume "$tmp/run"
same "$(cat "$out")" "$tmp/run" 'what repeat --resume prints'
cmp -s "$tmp/run/boots/002.failed-1/samples.jsonl" "$tmp/run/boots/002/samples.jsonl" || die 'other samples'
expect 2 mlocklab repeat "$tmp/run" --resume "$tmp/run"
says 'mlocklab repeat: name a stored run, such as results/A, or one to --resume'
expect 2 mlocklab repeat --resume "$tmp/run" --cell exit-mlocked
says '--resume goes on with the kernels and cells'

# One pair decides nothing: neither good nor bad
interrupt
expect 125 mlocklab gate --baseline "$tmp/run" --arm other --resume "$tmp/run"
says "mlocklab gate: run '$tmp/run' has the arms only, other" # a gate's own run has one
expect 125 mlocklab gate --baseline "$tmp/run" --arm only --kernel debian:6.1 --out "$tmp/one"
says 'mlocklab gate: not judged: 1 pairs of boots, where a verdict takes at least 6'
mv "$tmp/one/boots/001/boot.json" "$tmp/boot.json"
expect 125 mlocklab gate --baseline "$tmp/run" --arm only --strict --resume "$tmp/one"
[ -e "$tmp/one/boots/001/boot.json" ] || die 'gate --resume has not made the boot'
says 'not judged: 1 pairs of boots'
for wrong in '--baseline none --kernel debian:6.1' "--baseline $tmp/run --kernel debian:6.1" \
	"--baseline $tmp/run --arm only --kernel debian:1.0" '--kernel debian:6.1' '--pears'; do
	# shellcheck disable=SC2086 # words
	expect 125 mlocklab gate $wrong
	says 'mlocklab gate: '
done

echo "$checks checks"
