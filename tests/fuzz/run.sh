#!/bin/sh
# Runs fuzz targets: tests/fuzz/run.sh BUILD LIMIT [NAME...], where LIMIT is an option of libFuzzer such
# as -max_total_time=60 or -runs=2000. Inputs that break something are kept in BUILD/found; those to
# which others would lead are thrown away. The last line counts the inputs.
set -u
cd "$(dirname "$0")/../.." || exit 1

build=$1 limit=$2
shift 2
[ $# -gt 0 ] || set -- $(cd tests/fuzz && ls -- *.c | sed 's/\.c$//')

tmp=$(mktemp -d "${TMPDIR:-/tmp}/mlocklab-fuzz-XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 1' INT TERM
export TMPDIR="$tmp"

tried=0 broken=0 targets=0
for name; do
	longest=4096 most=$limit
	# there an input is several files of a run, and a whole run is read
	if [ "$name" = run ]; then
		longest=16384
		case $limit in -runs=*) most=-runs=$((${limit#-runs=} / 4)) ;; esac
	fi
	mkdir -p "$build/found/$name" "$tmp/$name" || exit 1
	"$build/$name" -seed=1 -verbosity=0 "$most" -timeout=60 -rss_limit_mb=2048 -max_len=$longest -print_final_stats=1 \
		-artifact_prefix="$build/found/$name/" "$tmp/$name" "tests/fuzz/seeds/$name" \
		>"$tmp/log" 2>&1
	code=$?
	inputs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$tmp/log")
	if [ "$code" != 0 ]; then
		tail -n 60 "$tmp/log"
		broken=$((broken + 1))
	fi
	echo "$name: ${inputs:-no count of} inputs, exit code $code"
	tried=$((tried + ${inputs:-0})) targets=$((targets + 1))
done
echo "$tried inputs in $targets parsers, $broken broken"
[ "$broken" = 0 ]
