#!/bin/sh
# Under icount the same seed gives the same samples, byte for byte, on either kernel. That a kernel is
# then equivalent to itself in every figure, e2e/timeline asks of boots that it has.
# alone: QEMU's clock of instructions differed by two once, with twice as many guests as cores
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

# Both boots of a pair have the same seed, so a run of one kernel under two names repeats each boot.
twice() {
	expect 0 mlocklab run configs/smoke.ini --pairs "$3" --out "$1" \
		--kernel "a=debian:$2" --kernel "b=debian:$2"
}

# The samples of pair N in arm A: of the boots, the one whose boot.json says so
samples() {
	for boot in "$1"/boots/*; do
		if [ "$(member "$boot/boot.json" arm)" = "$2" ] &&
			[ "$(member "$boot/boot.json" pair)" = "$3" ]; then
			echo "$boot/samples.jsonl"
		fi
	done
}

same_pairs() {
	for pair in $(seq 0 $(($2 - 1))); do
		a=$(samples "$1" a "$pair") b=$(samples "$1" b "$pair")
		[ -s "$a" ] || die "pair $pair of $1 has no samples"
		cmp "$a" "$b" || die "the same seed gave other samples: $a, $b"
		checks=$((checks + 1))
	done
}

twice "$tmp/new" 6.1 1
same_pairs "$tmp/new" 1
twice "$tmp/old" 5.10 2
same_pairs "$tmp/old" 2
! cmp -s "$(samples "$tmp/old" a 0)" "$(samples "$tmp/old" a 1)" || die "two seeds, the same samples"
echo "3 pairs repeat"
