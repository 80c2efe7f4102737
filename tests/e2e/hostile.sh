#!/bin/sh
# A guest that means harm sends what it can think of (tests/guest/hostile.c). What it sends is data:
# nothing of it is obeyed by the screen, the host's file system or a page, and every run ends with a
# plain outcome and of bounded size.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

mark=mlocklab-pwned
esc=$(printf '\033') bell=$(printf '\007')

# clean FILE...: holds no control character but newline, tab and, on a screen, nothing else either
clean() {
	for file; do
		bytes=$(tr -d '\n\t' <"$file" | LC_ALL=C tr -cd '\000-\037' | wc -c)
		[ "$bytes" = 0 ] || die "$bytes control characters in $file: $(grep -am 1 "[$esc$bell]" "$file" | cat -v | cut -c 1-200)"
		# the C1 controls, and the marks that turn the direction of writing, as UTF-8
		! LC_ALL=C grep -aqP '\xc2[\x80-\x9f]' "$file" || die "C1 controls in $file"
	done
	checks=$((checks + 1))
}

# said COMMAND...: it runs to its end, whatever that is, and says nothing that a terminal obeys
said() {
	"$@" >"$out" 2>"$err"
	code=$?
	[ $code -lt 5 ] || die "exit code $code of $*"
	clean "$out" "$err"
}

# unmarked FILE: outside of code it has no markup of the guest's
unmarked() {
	awk '/^```/ { code = !code; next } !code && !/^    /' "$1" >"$tmp/prose"
	! grep -qiE '(^|[^\\])(<[a-z/]|`|\[z\])' "$tmp/prose" ||
		die "markup of the guest in $1: $(grep -oiE -m 1 '.{0,30}(^|[^\\])(<[a-z/]|`|\[z\]).{0,30}' "$tmp/prose")"
	checks=$((checks + 1))
}

# The report of a run, and what says how it went
report() {
	said mlocklab report "$1"
	said mlocklab compare --all "$1"
	said mlocklab history --results "$tmp" exit
	clean "$1"/report/*
	unmarked "$1/report/report.md"
	! grep -qiE '<(script|img src=x|b|a href=x)[ >]' "$1/report/index.html" ||
		die "markup of the guest in the page: $(grep -oiE '.{30}<(script|img src=x|b|a href=x)[ >].{30}' "$1/report/index.html" | head -n 1)"
	for file in "$1"/report/*.svg; do
		[ ! -e "$file" ] || ! grep -qi '<script\|<img\|onerror=' "$file" || die "markup of the guest in $file"
	done
	checks=$((checks + 2))
}

# What else shows a run, in every format
show() {
	for format in lkml markdown json csv gobench openmetrics ktap; do
		said mlocklab compare --all --format $format "$1"
		case $format in
		csv) same "$(LC_ALL=C awk -F'"' 'NF % 2 == 0' "$out" | wc -l)" 0 'lines of CSV with an open quote' ;;
		markdown) unmarked "$out" ;;
		esac
	done
	for format in text markdown json; do
		said mlocklab locks --format $format "$1"
	done
	for verb in explain claims 'plan --pilot'; do
		# shellcheck disable=SC2086 # words
		said mlocklab $verb "$1"
	done
}

# Nothing has the mark in its name, and nothing is outside the runs
contained() {
	found=$(find /tmp /var/tmp "$tmp" . -xdev -name "*$mark*" -print -quit 2>/dev/null)
	[ -z "$found" ] || die "the guest made $found"
	find "$1" -type f -o -type d | sed "s,^$1,," | LC_ALL=C grep -v '^[-A-Za-z0-9_./]*$' >"$tmp/names"
	[ ! -s "$tmp/names" ] || die "odd names in $1: $(cat -v "$tmp/names")"
	size=$(du -sm "$1" | cut -f1)
	[ "$size" -le "$2" ] || die "$1 has $size MiB, above $2"
	checks=$((checks + 3))
}

expect 0 mlocklab kernels fetch debian:6.1 debian:5.10

# --- in a guest: a tree like ours whose PID 1 is the hostile one ---
tree=$tmp/tree
mkdir -p "$tree/build/libexec" "$tree/configs/kernel"
cp configs/kernel/debian.ini "$tree/configs/kernel"
cp build/mlockbench "$tree/build"
cp build/hostile "$tree/build/guest-init"
cp "$libexec/mlocklab-run" "$tree/build/libexec"
{
	small_experiment | sed '/^\[arm:only\]/,/^kernel/d'
	printf '[arm:%s]\nkernel=debian:6.1\ncmdline=hostile=%s\n' polite polite rude rude
} >"$tmp/x.ini"
said env MLOCKLAB_CACHE="${MLOCKLAB_CACHE:-$PWD/cache}" "$tree/build/libexec/mlocklab-run" "$tmp/x.ini" --out "$tmp/guest"
for n in 1 2; do
	case $(member "$(printf '%s/guest/boots/%03d/boot.json' "$tmp" $n)" arm) in
	polite) same "$(outcome_of "$tmp/guest" $n)" ok 'a guest of good manners' ;;
	rude) same "$(outcome_of "$tmp/guest" $n)" cut 'a guest of bad manners' ;;
	esac
done
report "$tmp/guest"
contained "$tmp/guest" 10

# --- without one: more boots, with locks ---
{
	small_experiment 'pairs=6' 'locks=slowpath' | sed '/^pairs=1/d; s/^target=.*/target=tcg/'
	printf '[arm:other]\nkernel=debian:5.10\n'
} >"$tmp/x.ini"
cells='exit-mlocked/procs=2,size=256K,lock=mlock|exit-mlocked/procs=2,size=256K,lock=none'
for mode in polite rude huge liar; do
	[ $mode = polite ] || sed -i 's/^pairs=.*/pairs=1/; /^locks=/d' "$tmp/x.ini"
	said env hostile=$mode cells="null|$cells" "$libexec/mlocklab-run" "$tmp/x.ini" \
		--qemu tests/fake/qemu-hostile --out "$tmp/$mode"
	same "$(member "$tmp/$mode/run.json" status)" complete "the run of a $mode guest"
	case $mode in
	polite) outcome='ok' ;;
	rude) outcome='cut' ;;
	huge) outcome='panic' ;;
	liar) outcome='wrong-kernel' ;;
	esac
	same "$(outcome_of "$tmp/$mode" 1)" $outcome 'its boot'
	report "$tmp/$mode"
done
show "$tmp/polite"
contained "$tmp/polite" 10
contained "$tmp/rude" 10
contained "$tmp/huge" 100
contained "$tmp/liar" 10
same "$(cat "$tmp"/liar/boots/*/samples.jsonl | wc -l)" 0 'samples of a kernel that was not asked for'
grep -q "&lt;script&gt;alert('$mark" "$tmp/polite/report/index.html" || die 'nothing of the guest is in the page: the test shows nothing'

inputs=$(cat "$tmp"/*/boots/*/events.jsonl "$tmp"/*/boots/*/samples.jsonl | wc -l)
faults=$(cat "$tmp"/*/boots/*/boot.json | sed -n 's/^ *"faults": \([0-9]*\),$/\1/p' | awk '{ n += $1 } END { print n }')
echo "$checks checks; $inputs harmful messages taken as data, $faults refused"
