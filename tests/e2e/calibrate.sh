#!/bin/sh
# A kernel against itself under icount: equal layouts give equal figures to the last digit, and half a
# per cent more work is found in every cell.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

cat >"$tmp/tiny.ini" <<'EOF'
[global]
memory=512
iterations=1
[exit]
workload=exit-mlocked
procs=2
size=256K
lock=mlock,none
EOF

expect 0 mlocklab calibrate debian:6.1 --suite "$tmp/tiny.ini" --target icount --comparisons 2 --out "$tmp/cal"
says '28 boots; how long they take is known after the first, --short makes fewer'
made=$(ls -d "$tmp"/cal/*/boots/[0-9][0-9][0-9] | wc -l)
same "$made" 28 'the boots that were foretold'
json=$tmp/cal/calibration.json
grep -q '^2 comparisons: 2 cells in each of 1 groups of 6 pairs of boots, layouts independent' "$out" ||
	die 'it does not say what was compared'

# The seeds: one a boot here, one a pair there
seeds() {
	grep -o '"seed": [0-9]*' "$1"/boots/*/boot.json | sed 's/.*: //' | sort -u | wc -l
}
same "$(seeds "$tmp/cal/aa")" 12 'layouts of the comparisons'
same "$(seeds "$tmp/cal/equal")" 2 'layouts of the equal pairs'

grep -q 'figures in both arms, 0 of them different' "$out" || die 'equal layouts gave different figures'
[ "$(member "$json" figures)" -gt 50 ] || die 'hardly any figures of equal layouts'

# power is the last share of the file
power=$(sed -n '/"power"/,$p' "$json")
found=$(echo "$power" | sed -n 's/.*"count": \([0-9]*\).*/\1/p')
cells=$(echo "$power" | sed -n 's/.*"of": \([0-9]*\).*/\1/p')
same "$found" "$cells" 'cells in which 0.5 % was found'
[ "$cells" -ge 5 ] || die "only $cells cells were slowed down"
low=$(echo "$power" | sed -n 's/.*"estimate_low": \([0-9.]*\).*/\1/p')
high=$(echo "$power" | sed -n 's/.*"estimate_high": \([0-9.]*\).*/\1/p')
awk -v l="$low" -v h="$high" 'BEGIN { exit !(l > 0.003 && h < 0.007) }' ||
	die "0.5 % showed as $low to $high"

# All is there: nothing is measured again, and counting it again gives the same
cp "$json" "$tmp/before.json"
expect 0 mlocklab calibrate debian:6.1 --suite "$tmp/tiny.ini" --target icount --comparisons 2 --out "$tmp/cal"
cmp -s "$json" "$tmp/before.json" || die 'counted again, it is another'
expect 2 mlocklab calibration "$tmp"
says 'is not a calibration'

echo "0.5 % shows as $low to $high in $cells cells"
