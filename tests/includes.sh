#!/bin/sh
# Includes go one way. lib knows nobody; workloads, runner and analysis know lib and not each other; what
# runs in a guest (runner/guest) or in QEMU (runner/plugin) knows nothing of the runner that starts it; and
# the rooms of runner/ and analysis/ know only those below them, in the order given here. No files call
# each other in a circle: that is read from the objects in build/.
set -u
cd "$(dirname "$0")/.." || exit 1

runner='main verbs campaign doctor series run probe boot qemu kernels debian plan'
analysis='verbs report write judge cause catalogue load stats'

wrong=0 files=0
calls=$(mktemp) || exit 1
trap 'rm -f "$calls"' EXIT

complain() {
	echo "$*"
	wrong=$((wrong + 1))
}

# position ROOM ORDER...: prints the room's place from the top, or nothing
position() {
	room=$1 n=0
	shift
	for r; do
		n=$((n + 1))
		[ "$r" = "$room" ] && echo "$n"
	done
}

# may_know FROM TO ORDER...: whether the room FROM may include a file of the room TO
may_know() {
	[ "$1" = "$2" ] && return 0
	from=$1 to=$2
	shift 2
	a=$(position "$from" "$@") b=$(position "$to" "$@")
	[ -n "$a" ] && [ -n "$b" ] && [ "$a" -lt "$b" ]
}

room_of() {
	echo "$1" | cut -d/ -f2
}

# shellcheck disable=SC2086 # the orders are words
allowed() {
	from=$1 to=$2
	case $to in lib/*) return 0 ;; esac
	case $from in
	workloads/*) case $to in workloads/*) return 0 ;; esac ;;
	runner/guest/* | runner/plugin/*) [ "$(room_of "$from")" = "$(room_of "$to")" ] && return 0 ;;
	runner/*) case $to in runner/*) may_know "$(room_of "$from")" "$(room_of "$to")" $runner && return 0 ;; esac ;;
	analysis/*) case $to in analysis/*) may_know "$(room_of "$from")" "$(room_of "$to")" $analysis && return 0 ;; esac ;;
	esac
	return 1
}

# shellcheck disable=SC2044 # no name of ours has a blank
for file in $(find lib workloads runner analysis -name '*.[ch]'); do
	files=$((files + 1))
	for header in $(sed -n 's/^[ \t]*#[ \t]*include[ \t]*"\(.*\)".*/\1/p' "$file"); do
		[ -e "$header" ] || complain "$file includes \"$header\", which is not there"
		allowed "$file" "$header" || complain "$file includes \"$header\", which is not below it"
	done
done

# CALLER CALLEE of files, by the symbols that one object defines and another lacks
find lib workloads runner analysis -name '*.c' | sed 's,^,build/,; s,c$,o,' | xargs nm -A 2>/dev/null | awk '
	{ file = $1; sub(/:.*/, "", file); gsub(/^build\/|\.o$/, "", file) }
	$(NF - 1) ~ /^[TDBRC]$/ && $NF != "main" { home[$NF] = file }
	$(NF - 1) == "U" { user[file, $NF] }
	END {
		for (u in user) {
			split(u, of, SUBSEP)
			if (of[2] in home && home[of[2]] != of[1])
				print of[1], home[of[2]]
		}
	}' | sort -u >"$calls"
[ "$(wc -l <"$calls")" -gt 500 ] || complain "only $(wc -l <"$calls") calls between files found: run 'make' first"
circle=$(tsort "$calls" 2>&1 >/dev/null)
[ -z "$circle" ] || complain "$circle"

[ "$wrong" = 0 ] || exit 1
[ "$files" -gt 50 ] || { echo "only $files files found"; exit 1; }
echo "$files files, $(wc -l <"$calls") calls between them"
