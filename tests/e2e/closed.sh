#!/bin/sh
# Started with its standard descriptors closed, or from a directory whose name a terminal would obey:
# nothing that is said lands in a file of the run.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

small_experiment | sed '/^\[exit\]/,$d' >"$tmp/x.ini"
"$libexec/mlocklab-run" "$tmp/x.ini" --out "$tmp/closed" <&- >&- 2>&-
same $? 0 'a run with nothing to talk to'
same "$(wc -c <"$tmp/closed/lock" | tr -d ' ')" 0 'bytes in its lock'
same "$(outcome_of "$tmp/closed" 1)" ok 'its boot'
for verb in compare report history list kernels; do
	case $verb in
	list | kernels) set -- ;;
	history) set -- --results "$tmp" exit ;;
	*) set -- "$tmp/closed" ;;
	esac
	"$libexec/mlocklab-$verb" "$@" >&- 2>&-
	checks=$((checks + 1))
done
grep -q '^{' "$tmp/closed/run.json" || die 'run.json has what was said'
same "$(wc -c <"$tmp/closed/lock" | tr -d ' ')" 0 'bytes in its lock, later'

esc=$(printf 'a\033]0;title\007b')
expect 2 mlocklab run "$tmp/x.ini" --out "$tmp/$esc"
says 'holds a control character'
[ ! -e "$tmp/$esc" ] || die 'it was measured all the same'
! LC_ALL=C grep -q "$(printf '\033')" "$err" || die 'the message has it as it is'

echo "$checks checks"
