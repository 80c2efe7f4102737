#!/bin/sh
# What a verb prints fits a terminal of 80 columns: every --help, and each verb that reads a stored run on the
# one that comes with the sources. And README shows the lines that it prints.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

cp -r results/reference "$tmp/A"

# fits WHAT: nothing that the last program wrote is wider
fits() {
	wide=$(awk 'length($0) > 80' "$out" "$err")
	[ -z "$wide" ] || die "$1: wider than 80 columns:
$wide"
}

for verb in $(./mlocklab --help | sed -n 's/^  \([a-z]*\) .*/\1/p'); do
	expect 0 mlocklab "$verb" --help
	fits "mlocklab $verb --help"
done
expect 0 ./mlocklab --help
fits 'mlocklab --help'
expect 0 ./mlocklab list
fits 'mlocklab list'
for workload in $(awk '{ print $1 }' "$out"); do
	expect 0 ./mlocklab describe "$workload"
	fits "mlocklab describe $workload"
done

expect 1 mlocklab compare "$tmp/A" --all
fits 'mlocklab compare --all'
expect 1 mlocklab compare "$tmp/A" --format lkml
fits 'mlocklab compare --format lkml'
[ "$(wc -l <"$out")" -le 40 ] || die "a mail of the default suite has $(wc -l <"$out") lines, not 40"
for verb in steps 'plan --pilot' fsck claims 'claims --all' kernels 'qemu list'; do
	words=$verb
	case $verb in
	kernels | qemu*) ;;
	*) words="$verb $tmp/A" ;;
	esac
	# shellcheck disable=SC2086 # words
	expect 0 mlocklab $words
	sed -i "s,$tmp,,g" "$out"
	fits "mlocklab $verb"
done
mkdir "$tmp/results"
cp -r "$tmp/A" "$tmp/results/"
expect 0 mlocklab history exit --results "$tmp/results"
fits 'mlocklab history exit'

# what a run cannot test takes a line, and --all what it would take
expect 0 mlocklab claims "$tmp/A"
grep -q '^[0-9]* not testable here; --all prints them' "$out" || die 'it does not say what it leaves out'
[ "$(wc -l <"$out")" -lt 10 ] || die "the claims of a run that tests none take $(wc -l <"$out") lines"

# the floor is no figure of a series
expect 0 mlocklab steps "$tmp/A"
! grep -q 'null' "$out" || die 'the floor has a column'

expect 1 mlocklab compare "$tmp/A"
fits 'mlocklab compare'
sed -n 's/^    \(WORSE: .*\)/\1/p; s/^    \([a-z-]* .* %  *[+-].*\)/\1/p' README.md docs/verdict.md >"$tmp/shown"
[ "$(wc -l <"$tmp/shown")" -ge 6 ] || die 'README shows no verdict'
# 5.10 leaves it to reclaim to mark these pages as locked: what is cheap for that is no gain
tr -s ' \n' ' ' <"$out" | grep -qF 'onfault,memory=file,tasks=1,size=4M: the kernels did not do the same work: uncounted is 1024 pages on old, 0 on new' ||
	die 'it does not say that one kernel locked nothing'
while read -r line; do
	grep -qxF -e "$line" "$out" || die "the documents show what compare does not print: $line"
	checks=$((checks + 1))
done <"$tmp/shown"
echo "$checks checks of what fits a screen"
