#!/bin/sh
# Runs test programs one after another: tests/run.sh PROGRAM...
# A program passes with exit code 0, is skipped with 77, else fails. Its last line tells on our line
# what it counted, or why it skipped. What a failing test said is shown and kept in build/test-logs.
set -u
cd "$(dirname "$0")/.." || exit 1

logs=build/test-logs
passed=0 failed=0 skipped=0

mkdir -p "$logs" || exit 1

# The name of a test on the screen: unit/frame, e2e/smoke, includes
name_of() {
	case $1 in
	*/unit/*) echo "unit/${1##*/unit/}" ;;
	*/e2e/*.sh) basename "$1" .sh | sed 's,^,e2e/,' ;;
	*) basename "$1" .sh ;;
	esac
}

# What a test says of itself in its last line; cmocka's is "[  PASSED  ] 12 test(s)."
summary() {
	tail -n 1 "$1" | tr -d '\000-\037' | sed 's/^\[  PASSED  \] /passed /; s/\.$//'
}

for test in "$@"; do
	name=$(name_of "$test")
	log=$logs/$(echo "$name" | tr / -).log
	began=$(date +%s%N)
	"$test" >"$log" 2>&1 </dev/null
	code=$?
	took=$(($(date +%s%N) - began))
	took=$(printf '%d.%d s' $((took / 1000000000)) $((took / 100000000 % 10)))
	case $code in
	0) word=pass passed=$((passed + 1)) ;;
	77) word=skip skipped=$((skipped + 1)) ;;
	*) word=FAIL failed=$((failed + 1)) ;;
	esac
	printf '%s  %-24s %8s  %s\n' "$word" "$name" "$took" "$(summary "$log")"
	if [ "$word" = FAIL ]; then
		echo "--- $log (exit code $code), its last 40 lines:"
		tail -n 40 "$log" | sed 's/^/    /'
	fi
done

echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
