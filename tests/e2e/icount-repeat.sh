#!/bin/sh
# Under icount the same seed gives the same samples, byte for byte, on either kernel. That a kernel is
# then equivalent to itself in every figure, e2e/timeline asks of boots that it has.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

# Both boots of a pair have the same seed, so a run of one kernel under two names repeats each boot.
# twice RUN KERNEL PAIRS [OPTION...]
twice() {
	run=$1 kernel=$2 pairs=$3
	shift 3
	expect 0 mlocklab run configs/smoke.ini --pairs "$pairs" --out "$run" \
		--kernel "a=debian:$kernel" --kernel "b=debian:$kernel" "$@"
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

# Nor does it matter when the host lets QEMU's threads run: the vCPU's is held up each time that the
# guest goes to sleep, where without record mode three pairs of three differed.
cp build/late-halt.so "$tmp/" || exit 1
cat >"$tmp/qemu" <<END
#!/bin/sh
case "\$*" in *-icount*) export LD_PRELOAD=$tmp/late-halt.so LATE_HALT_US=1000 ;; esac
exec $(command -v qemu-system-x86_64) "\$@"
END
chmod 755 "$tmp/qemu" && chmod 644 "$tmp/late-halt.so"
twice "$tmp/late" 6.1 2 --qemu "$tmp/qemu"
for log in "$tmp"/late/boots/*/qemu.log; do
	grep -q '^held up [1-9][0-9]* times$' "$log" || die "QEMU was not held up: $log: $(cat "$log")"
done
same_pairs "$tmp/late" 2
echo "5 pairs repeat"
