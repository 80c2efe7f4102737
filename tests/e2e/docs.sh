#!/bin/sh
# What the documents tell a user to type works: commands that read are run on the stored run that comes with
# the sources, those that boot are parsed (other tests run them), make's targets are there. And no link
# leads nowhere.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

docs='README.md CONTRIBUTING.md docs/*.md'
mkdir "$tmp/results"
cp -r results/reference "$tmp/results/A"

# --- links ---
# shellcheck disable=SC2086 # a list of patterns
for doc in $docs; do
	grep -o '](\([^)#]*\))' "$doc" | sed 's/^](//; s/)$//' | grep -v '^https\{0,1\}:' | while read -r link; do
		[ -e "$(dirname "$doc")/$link" ] || die "$doc links to '$link', which is not there"
	done || exit 1
	checks=$((checks + 1))
done

# --- commands: lines that are indented by four blanks, with or without a prompt and a comment ---
# shellcheck disable=SC2086
sed -n 's/^    \(\$ \)\{0,1\}\(\(\.\/mlocklab\|make\|build\/mlockbench\) .*\)$/\2/p' $docs |
	sed 's/ && .*//; s/  *# .*//; s/ *$//' | grep -v 'NAME key=value' |
	# stand-ins for what only the reader has
	sed "s,results/[^ ]*,$tmp/results/A,g; s,image:[^ ]*,debian:6.1,g" | sort -u >"$tmp/commands"
[ "$(wc -l <"$tmp/commands")" -gt 20 ] || die 'there are no commands in the documents'

while read -r command; do
	case $command in
	make*)
		# shellcheck disable=SC2086 # words
		expect 0 ${command%% T=*} --dry-run
		continue
		;;
	esac
	eval "set -- $command"
	shift
	case $1 in
	list | describe)
		expect 0 build/mlockbench "$@"
		;;
	history) expect 0 mlocklab "$@" --results "$tmp/results" ;;
	compare | report | claims | plan | kernels | doctor | fsck | calibration)
		mlocklab "$@" >"$out" 2>"$err"
		code=$?
		[ $code -lt 2 ] || { cat "$err"; die "exit code $code: $command"; }
		checks=$((checks + 1))
		;;
	help) expect 0 ./mlocklab "$2" --help ;;
	*) expect 0 mlocklab "$@" --help ;;
	esac
done <"$tmp/commands"
echo "$checks links and commands of the documents"
