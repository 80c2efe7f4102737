#!/bin/sh
# One metric over stored runs: of the latest runs what fits a screen, all of it where that is asked for,
# and as JSON; what is not there is told with what was probably meant.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

# A run of 17 cells, twice, the second of another day (and so one without sums, which may say anything)
mkdir "$tmp/results"
cp -r results/reference "$tmp/results/a"
cp -r results/reference "$tmp/results/b"
sed -i 's/"created": "[^"]*"/"created": "2030-01-02T00:00:00Z"/
	s|"format": 2|"format": 1|; s|"plan_sha256"|"no_sha256"|' "$tmp/results/b/run.json"
history() { expect 0 mlocklab history --results "$tmp/results" "$@"; }

history --all exit
all=$(grep -c '^  20[0-9][0-9]-' "$out")
same "$(grep -c '^  2030-01-02' "$out")" $((all / 2)) 'values of each of two runs'
grep -q -e '--all' "$out" && die 'it offers more where all is printed'

history exit
[ "$(wc -l <"$out")" -le 24 ] || die "$(wc -l <"$out") lines do not fit a screen"
awk 'length > 79 { exit 1 }' "$out" || die 'a line is wider than a screen'
shown=$(grep -c '^  20[0-9][0-9]-' "$out")
[ "$shown" -gt 4 ] || die "it shows $shown values only"
same "$(grep -c '^  2030-01-02' "$out")" "$shown" 'values of the latest run'
same "$(tail -n 1 "$out")" "$shown of $all values, of 1 of 2 runs, the latest; --all prints every one" 'the last line'

# Both runs fit where there are few cells
one=$(member results/reference/run.json workload)
[ "$one" = null ] || die "the first cell is of $one"
history elapsed --workload null
grep -q -e '--all' "$out" && die 'four values do not fit a screen'
same "$(grep -c '^  20[0-9][0-9]-' "$out")" 4 'values of the floor'

history exit --format json
same "$(head -n 1 "$out")$(tail -n 1 "$out")" '[]' 'the ends of the array'
same "$(grep -c '^{"run":"[ab]","date":"20.*","kernel":"[56].*","cell":".*","value":[0-9.]*,.*"boots":[0-9]*},\{0,1\}$' "$out")" \
	"$all" 'values in JSON'
same "$(grep -c '},$' "$out")" $((all - 1)) 'commas in JSON'

# --- what is not there ---
expect 2 mlocklab history --results "$tmp/results" exot
says "no figure of metric 'exot' in '$tmp/results'; did you mean 'exit'?"
expect 2 mlocklab history --results "$tmp/results" vmstat.nr_mlok
says "did you mean 'vmstat.nr_mlock'?"
expect 2 mlocklab history --results "$tmp/results" zzzzzz
says "no figure of metric 'zzzzzz' in '$tmp/results': there are "
expect 2 mlocklab history --results "$tmp/results" exit --workload exit-mlokced
says "of workload 'exit-mlokced' in '$tmp/results'; did you mean 'exit-mlocked'?"

# Five boots of each kernel give no interval
cp -r "$tmp/results/b" "$tmp/results/c"
sed -i 's/"created": "[^"]*"/"created": "2031-01-02T00:00:00Z"/' "$tmp/results/c/run.json"
for n in 011 012 013 014 015 016 017 018 019 020; do rm -r "$tmp/results/c/boots/$n"; done
history elapsed --workload null
grep -Eq '^  2031-01-02 5\.10\.0.* -  +5$' "$out" || die "of five boots: $(grep 2031 "$out")"

echo "$checks checks"
