#!/bin/sh
# Runs test programs side by side, as many as there are CPUs (JOBS=N: that many): tests/run.sh PROGRAM...
# A program passes with exit code 0, is skipped with 77, else fails; also when it takes longer than
# LIMIT seconds (900). Its last line tells on our line what it counted, or why it skipped. What a failing
# test said is shown and kept in build/test-logs, or in LOGS=DIRECTORY: what lasts long has one of its own, which no
# other run empties. A script that holds "# alone: WHY" changes the
# machine or is measured by it: it runs after the others, with nothing beside it.
set -u
cd "$(dirname "$0")/.." || exit 1

logs=${LOGS:-build/test-logs}
# What each test took, the last time last: "12.3 s PROGRAM"
times=build/test-times

# The name of a test on the screen: unit/lib/frame, e2e/smoke, includes
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

# Runs one test and prints its line, in one write so that lines of tests side by side stay whole.
run_one() {
	name=$(name_of "$1")
	log=$logs/$(echo "$name" | tr / -).log
	began=$(date +%s%N)
	timeout -k 10 "${LIMIT:-900}" "$1" >"$log" 2>&1 </dev/null
	code=$?
	took=$(($(date +%s%N) - began))
	took=$(printf '%d.%d s' $((took / 1000000000)) $((took / 100000000 % 10)))
	case $code in
	0) word=pass ;;
	77) word=skip ;;
	124 | 137) word=FAIL && echo "ended after ${LIMIT:-900} s, its limit" >>"$log" ;;
	*) word=FAIL ;;
	esac
	echo "$word" >"$log.word"
	echo "$took $1" >>"$times"
	{
		printf '%s  %-28s %8s  %s\n' "$word" "$name" "$took" "$(summary "$log")"
		if [ "$word" = FAIL ]; then
			echo "--- $log (exit code $code), its last 40 lines:"
			tail -n 40 "$log" | sed 's/^/    /'
		fi
	} >"$log.said"
	cat "$log.said"
	rm "$log.said"
}

export LOGS="$logs"
if [ "${1:-}" = --one ]; then
	run_one "$2"
	exit 0
fi

rm -rf "$logs" && mkdir -p "$logs" || exit 1

# Those that took longest the last time first, so that none of them is what all wait for at the end; and
# before them what has no time yet, scripts first.
by_length() {
	touch "$times"
	printf '%s\n' "$@" | awk 'known { took[$3] = $1; next }
		{ print ($1 in took ? took[$1] : $1 ~ /\.sh$/ ? 9999 : 9998), $1 }' known=1 "$times" known=0 - |
		sort -s -k 1,1nr | cut -d ' ' -f 2
}

beside='' alone=''
for test in $(by_length "$@"); do
	case $test in
	*.sh) if grep -q '^# alone: ' "$test"; then alone="$alone $test"; else beside="$beside $test"; fi ;;
	*) beside="$beside $test" ;;
	esac
done
# shellcheck disable=SC2086 # no name of ours has a blank
{
	[ -z "$beside" ] || printf '%s\n' $beside | xargs -P "${JOBS:-$(nproc)}" -n 1 "$0" --one
	[ -z "$alone" ] || printf '%s\n' $alone | xargs -n 1 "$0" --one
}

count() {
	cat "$logs"/*.word 2>/dev/null | grep -cx "$1"
}

echo "$(count pass) passed, $(count FAIL) failed, $(count skip) skipped"
[ "$(count FAIL)" = 0 ] && [ "$(cat "$logs"/*.word | wc -l)" = $# ]
