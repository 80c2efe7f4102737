#!/bin/sh
# From kernels to a timeline: a change is found where it is, confirmed by an A/B, indexed, gated.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

mkdir "$tmp/results" || exit 1
run=$tmp/results/three
# The third kernel is the second one again: nothing can change between those.
cat >"$tmp/three.ini" <<'END'
[global]
name=three
target=icount
pairs=6
iterations=1
warmup=1
memory=512
[arm:5.10]
kernel=debian:5.10
[arm:6.1]
kernel=debian:6.1
[arm:6.1-again]
kernel=debian:6.1
[floor]
workload=null
[exit]
workload=exit-mlocked
procs=8
size=256K
lock=mlock,none
END
cell=exit-mlocked/procs=8,size=256K,lock=mlock
expect 0 mlocklab run "$tmp/three.ini" --out "$run"

shows() {
	tr -s ' \n' '  ' <"$out" | grep -qF -e "$1" || {
		cat "$out"
		die "it does not show: $1"
	}
}

expect 0 mlocklab timeline "$run"
shows '6.1, after 5.10'
shows 'times fewer instructions per page'
shows 'no A/B yet'
shows 'PREEMPT_DYNAMIC n -> y'
! grep -q '^6.1-again, after' "$out" || die 'a kernel differs from itself'
! grep -q '.\{76\}' "$out" || die 'a line is wider than 75 columns'

expect 0 mlocklab compare --all --format json --old 6.1 --new 6.1-again "$run"
same "$(sed -n 's/^ *"verdict": "\(.*\)",\{0,1\}$/\1/p' "$out" | sort -u)" equivalent 'verdicts on 6.1 against itself'

expect 0 mlocklab timeline --confirm --pairs 6 --html "$tmp/page.html" "$run"
shows 'confirmed by confirm-5.10-6.1, of which these figures are: 6 pairs'
mlocklab timeline "$run" >/dev/full 2>"$err"
same $? 2 'exit code of timeline on a full disk'
! grep -qE '<script|(src|href)=.?https?:' "$tmp/page.html" || die 'the page wants more than itself'
if command -v gnuplot >/dev/null; then
	same "$(grep -o '<img [^>]*src="data:image/svg+xml;base64,' "$tmp/page.html" | wc -l)" 3 'pictures in the page'
fi
ab=$tmp/results/confirm-5.10-6.1
same "$(member "$ab/run.json" pairs)" 6 'pairs of the confirmation'
same "$(find "$tmp/results" -maxdepth 1 -name 'confirm-*' | wc -l)" 1 'confirmations'
[ "$(member "$ab/run.json" seed)" != "$(member "$run/run.json" seed)" ] ||
	die 'it was confirmed with the layouts it was found with'
# Once known it is not measured again, and another look at the run sees it too.
expect 0 mlocklab timeline --confirm "$run"
shows 'confirmed by confirm-5.10-6.1, of which these figures are: 6 pairs'
same "$(find "$tmp/results" -maxdepth 1 -name 'confirm-*' | wc -l)" 1 'confirmations'

# The catalogue is only an index.
expect 0 mlocklab history exit --workload exit-mlocked --results "$tmp/results"
same "$(grep -cF "5.10.0-" "$out")" 4 'values on 5.10: two cells of two runs'
cp "$out" "$tmp/history"
rm "$tmp/results/catalogue.db"
expect 0 mlocklab history exit --workload exit-mlocked --results "$tmp/results"
cmp -s "$out" "$tmp/history" || die 'the catalogue made again says something else'
expect 0 mlocklab history exit --all --workload exit-mlocked --results "$tmp/results"
cmp -s "$out" "$tmp/history" || die 'what fits a screen is not all of it'
expect 2 mlocklab history nonsense --results "$tmp/results"
says "no figure of metric 'nonsense'"

# A gate opens for the same kernel, shuts for a worse one, and says what it cannot do.
expect 0 mlocklab gate --baseline "$ab" --arm 6.1 --kernel debian:6.1 --out "$tmp/results/same"
grep -qF "$cell" "$tmp/results/same/run.json" || die 'the gate measured other cells'
shows '6 pairs of boots'
expect 1 mlocklab gate --baseline "$ab" --arm 6.1 --kernel debian:5.10 --out "$tmp/results/worse"
expect 125 mlocklab gate --baseline "$ab" --kernel debian:6.1
says "has the arms 5.10, 6.1: name one of them with --arm"
expect 125 mlocklab gate --baseline "$ab"
says '--kernel is missing'
expect 2 mlocklab timeline "$ab"
says 'a timeline wants three or more'

echo "$checks checks, $(find "$tmp/results" -name boot.json | wc -l) boots"
