#!/bin/sh
# A run that may stop early stops at a look, says so, and is judged at that look's level. On this machine
# itself, whose boots take no time: what matters here is the order of things, not the figures.
# alone: it measures this machine
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"
export MLOCKLAB_STATE="$tmp/state"
mkdir -m 777 "$MLOCKLAB_STATE"

# experiment [LINE in [global]...]
experiment() {
	echo '[global]'
	echo 'target=host'
	echo 'settle=0'
	echo 'iterations=3'
	for line; do echo "$line"; done
	echo '[fault]'
	echo 'workload=mlockall-fault'
	echo 'mode=none'
	echo 'size=2M'
}
experiment >"$tmp/e.ini"

# A slowdown that no noise hides, but not one that six pairs can prove at the first look's level
expect 0 mlocklab run "$tmp/e.ini" --kernel old=running --kernel new=running --inject new=900 \
	--stop-early --out "$tmp/run"
says 'look at 6 of at most 30 pairs, level 5.1e-06: 0 of 1 figures are decided'
says 'look at 12 of at most 30 pairs, level 0.0013: 1 of 1 figures are decided'
same "$(member "$tmp/run/run.json" status)" stopped 'its status'
same "$(find "$tmp/run/boots" -name boot.json | wc -l)" 24 'boots that were made'

expect 1 mlocklab compare "$tmp/run"
grep -q 'stopped at the look after 12 of at most 30' "$out" || die 'compare does not say where it stopped'
grep -q "note: arm 'new' did 900 % of its own work over again: --inject" "$out" ||
	die 'compare does not say that work was injected'
! grep -q incomplete "$out" || die 'compare calls the run incomplete'
expect 0 mlocklab compare --look "$tmp/run"

# To go on with it changes nothing: the same look says the same
expect 0 mlocklab run --resume "$tmp/run"
same "$(find "$tmp/run/boots" -name boot.json | wc -l)" 24 'boots after --resume'

# What was not begun so cannot be looked at; three arms are no comparison
expect 0 mlocklab run "$tmp/e.ini" --kernel one=running --pairs 1 --out "$tmp/one"
expect 2 mlocklab run "$tmp/e.ini" --kernel a=running --kernel b=running --kernel c=running --stop-early
says 'compares two arms, not 3'
expect 0 mlocklab run "$tmp/e.ini" --kernel a=running --kernel b=running --pairs 1 --out "$tmp/two"
expect 2 mlocklab compare --look "$tmp/two"
says "was not begun with --stop-early"

# A run plans the next one
expect 0 mlocklab plan --pilot "$tmp/run" --effect 10%
grep -q 'to see a change of 10 %, target host; a boot takes' "$out" || die 'plan does not plan'

echo "$checks checks"
