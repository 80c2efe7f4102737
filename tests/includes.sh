#!/bin/sh
# Includes go one way: lib knows nobody, every other part knows lib and itself, and what runs in a
# guest (runner/guest) knows nothing of the runner that starts it.
set -u
cd "$(dirname "$0")/.." || exit 1

wrong=0 files=0

# The parts a file may include, from where it stands
allowed() {
	case $1 in
	lib/*) echo lib ;;
	runner/guest/*) echo 'lib runner/guest' ;;
	runner/*) echo 'lib runner' ;;
	workloads/*) echo 'lib workloads' ;;
	analysis/*) echo 'lib analysis' ;;
	esac
}

# shellcheck disable=SC2044 # no name of ours has a blank
for file in $(find lib workloads runner analysis -name '*.[ch]'); do
	files=$((files + 1))
	for header in $(sed -n 's/^[ \t]*#[ \t]*include[ \t]*"\(.*\)".*/\1/p' "$file"); do
		fine=no
		for part in $(allowed "$file"); do
			case $header in "$part"/*) fine=yes ;; esac
		done
		case $file:$header in
		runner/guest/*) ;;
		*:runner/guest/*) fine=no ;;
		esac
		[ -e "$header" ] || fine=no
		if [ "$fine" = no ]; then
			echo "$file includes \"$header\": it may include $(allowed "$file")"
			wrong=$((wrong + 1))
		fi
	done
done
[ "$wrong" = 0 ] || exit 1
[ "$files" -gt 50 ] || { echo "only $files files found"; exit 1; }
echo "$files files"
