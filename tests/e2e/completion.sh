#!/bin/bash
# What bash offers where a command line is to be completed: everything that --help tells of, and what there
# is of runs, kernels, experiments and workloads.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"
# shellcheck source=runner/main/completion.bash
. runner/main/completion.bash
compopt() { :; } # outside a completion bash has none

top=$PWD
mkdir -p "$tmp/cache/kernels/a" "$tmp/results/mine" "$tmp/pwned dir"
echo '{
  "spec": "debian:6.1.192-2/cloud-amd64"
}' >"$tmp/cache/kernels/a/kernel.json"
mkdir "$tmp/cache/kernels/git_1_2"
echo '{
  "spec": "git:/home/me/linux@0123"
}' >"$tmp/cache/kernels/git_1_2/kernel.json"
touch "$tmp/results/mine/run.json" "$tmp/mine.ini" "$tmp/six.deb" "$tmp/\$(touch pwned).ini"
export MLOCKLAB_CACHE=$tmp/cache
cd "$tmp" || exit 1

ask() {
	COMP_LINE=$1 COMP_POINT=${#1}
	_mlocklab "$top/mlocklab"
}

# offers LINE WORD...: these are among what bash would put in place of the line's last piece
offers() {
	local line=$1 word
	shift
	ask "$line"
	for word; do
		printf '%s\n' "${COMPREPLY[@]}" | grep -qxF -e "$word" ||
			die "'$line' offers not '$word' but: ${COMPREPLY[*]}"
		checks=$((checks + 1))
	done
}

# just LINE WORD...: these and no others
just() {
	offers "$@"
	[ "${#COMPREPLY[@]}" = $(($# - 1)) ] || die "'$1' offers more: ${COMPREPLY[*]}"
}

offers 'mlocklab ' ab run compare list describe doctor help --version
just 'mlocklab re' repeat report
just 'mlocklab help time' timeline
just 'mlocklab nope '

# each verb: every option that its help defines, and what run takes where it hands that on
for verb in $(_mlocklab_verbs "$top/mlocklab"); do
	# shellcheck disable=SC2046 # words
	offers "mlocklab $verb --" $("$top/mlocklab" "$verb" --help | sed -n 's/^  \(--[a-z-]*\).*/\1/p') --help
done
offers 'mlocklab ab --' --old --strict --pairs --workers
offers 'mlocklab run --' --cpus --nodes --memory

just 'mlocklab run smo' smoke
offers 'mlocklab run ' core munlock mine.ini
just 'mlocklab run kernels'
just 'mlocklab run core --target i' icount
just 'mlocklab run core --target=k' kvm
just 'mlocklab run --resume re' results/mine
just 'mlocklab compare --strict re' results/mine
just 'mlocklab compare results/mine --format mar' markdown
offers 'mlocklab ab --old ' debian:5.10 debian:7.2 debian:6.1.192-2/cloud-amd64 built:git_1_2 running image:
# bash breaks words at : and = and replaces the last piece alone
just 'mlocklab ab --old debian:6.1.' 6.1.192-2/cloud-amd64
just 'mlocklab run core --kernel=old=debian:6.1.' 6.1.192-2/cloud-amd64
just 'mlocklab run core --kernel deb:s' six.deb
just 'mlocklab describe migrate-m' migrate-mlocked
just 'mlocklab profile debian:5.10 --iterations 3 debian:6.1 exit-m' exit-mlocked
offers 'mlocklab profile debian:5.10 debian:6.1 exit-mlocked ' procs= size= lock=
just 'mlocklab profile debian:5.10 debian:6.1 exit-mlocked lock=' mlock none
just 'mlocklab kernels f' fetch
just 'mlocklab calibration pwned' 'pwned\ dir/'

# formats: each that is offered is one that the help names, and compare's are all of its list
for verb in compare explain profile claims locks; do
	ask "mlocklab $verb --format "
	[ "${#COMPREPLY[@]}" -ge 3 ] || die "$verb offers few formats: ${COMPREPLY[*]}"
	for format in "${COMPREPLY[@]}"; do
		"$top/mlocklab" "$verb" --help | grep -qw -e "$format" || die "$verb has no format '$format'"
		checks=$((checks + 1))
	done
done
# shellcheck disable=SC2046 # words
just 'mlocklab compare --format ' \
	$("$top/mlocklab" compare --help | sed -n '/^formats:/,$s/^  \([a-z]*\) .*/\1/p')

# a file's name is a name, not a command
[ ! -e pwned ] || die 'a file name was run as a command'

# in place, as bash calls it: the word is completed in full
got=$(bash --norc --noprofile -i 2>/dev/null <<<"PATH=$top:\$PATH; . $top/runner/main/completion.bash
complete -p mlocklab")
same "$got" 'complete -o nosort -F _mlocklab mlocklab' 'what bash has registered'

echo "$checks completions"
