# Completion of mlocklab's command lines in bash. What verbs, options and workloads there are is asked of
# mlocklab itself at that moment, and what runs and kernels are stored is read where it says they are.
# shellcheck shell=bash

# The options that the help of a verb on standard input has in its usage or begins a line with
_mlocklab_options() {
	sed -n '/^usage:/,/^$/{p;b}; s/^  \(-.*\)/\1/; T; s/  .*//; p' |
		grep -oE -- '(^|[[ ,|])--?[a-z][a-z-]*' | tr -d '[ ,|' | sort -u
}

# A verb's help, with run's where it hands other options on to run
_mlocklab_help() {
	local help
	help=$("$1" "$2" --help 2>/dev/null)
	echo "$help"
	case $help in *'mlocklab run --help'* | *'option of run'* | *'one of run'*) "$1" run --help ;; esac
}

# Files and directories that begin so
_mlocklab_files() {
	compgen -d -S / -- "$1"
	compgen -f -- "$1" | while IFS= read -r f; do [ -d "$f" ] || echo "$f"; done
}

# The verbs, from mlocklab's help
_mlocklab_verbs() {
	"$1" --help | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p'
}

# results, cache or configs: _mlocklab_path PROGRAM WHICH
_mlocklab_path() {
	"$1" --paths | sed -n "s/^$2 //p"
}

# What has a run.json: below here, as it is typed, and in the results
_mlocklab_runs() {
	local results json
	results=$(_mlocklab_path "$1" results)
	[ results -ef "$results" ] && results=results
	for json in "$2"*/run.json results/*/run.json "$results"/*/run.json; do
		[ -e "$json" ] && echo "${json%/run.json}"
	done | sort -u
}

_mlocklab_suites() {
	local configs ini
	configs=$(_mlocklab_path "$1" configs)
	for ini in "$configs"/*.ini; do
		# the others there are tables, not experiments
		grep -q '^workload=' "$ini" && basename "$ini" .ini
	done
	_mlocklab_files "$2" | grep -E '(\.ini|/)$'
}

# Kernels in the cache, and those that experiments name; or files
_mlocklab_kernels() {
	local spec=${2#*=} arm=
	[ "$spec" = "$2" ] || arm=${2%%=*}=
	case $spec in
	deb:* | image:*) _mlocklab_files "${spec#*:}" | sed "s/^/$arm${spec%%:*}:/" ;;
	*)
		{
			cat "$(_mlocklab_path "$1" cache)"/kernels/*/kernel.json 2>/dev/null |
				sed -n 's/^ *"spec": "\([^"]*\)".*/\1/p'
			sed -n 's/^kernel=//p' "$(_mlocklab_path "$1" configs)"/*.ini
			printf '%s\n' running image: deb:
		} | sort -u | sed "s/^/$arm/"
		;;
	esac
}

_mlocklab_workloads() {
	"$1" list | sed 's/ .*//'
}

# A workload's parameters, or the choices of one: _mlocklab_params PROGRAM WORKLOAD WORD
_mlocklab_params() {
	local name=${3%%=*}
	if [ "$name" = "$3" ]; then
		"$1" describe "$2" 2>/dev/null | sed -n 's/^  \([a-z_]*=\)[^ ]*  .*/\1/p'
	else
		"$1" describe "$2" 2>/dev/null |
			sed -n "s/^  $name=[^ ]*  .*, \([a-z0-9_-]*|[a-z0-9_|-]*\)\$/\1/p" |
			tr '|' '\n' | sed "s/^/$name=/"
	fi
}

_mlocklab_formats() {
	case $1 in
	compare) printf '%s\n' text lkml markdown json csv gobench hyperfine openmetrics ktap ;;
	explain | profile) printf '%s\n' text markdown csv folded svg ;;
	claims | locks) printf '%s\n' text markdown json ;;
	esac
}

# What may follow an option: _mlocklab_value PROGRAM VERB OPTION WORD; nothing where it takes no value
_mlocklab_value() {
	case $2:$3 in
	*:--kernel | ab:--old | ab:--new) _mlocklab_kernels "$1" "$4" ;;
	*:--suite) _mlocklab_suites "$1" "$4" ;;
	*:--resume | *:--baseline | *:--pilot) _mlocklab_runs "$1" "$4" ;;
	*:--target) printf '%s\n' auto icount tcg kvm host ;;
	*:--layouts) printf '%s\n' paired independent ;;
	*:--format) _mlocklab_formats "$2" ;;
	*:--workload) _mlocklab_workloads "$1" ;;
	*:--qemu) echo cached && _mlocklab_files "$4" ;;
	*:--out | *:--results | *:--claims) compgen -d -S / -- "$4" ;;
	*:--output | *:--html | *:--families | *:--fragment) _mlocklab_files "$4" ;;
	esac
}

# An argument that is no option, the N-th after the verb: _mlocklab_argument PROGRAM N WORD ARGUMENT...
_mlocklab_argument() {
	local program=$1 n=$2 word=$3 verb=$4
	shift 4
	case $verb:$n in
	help:1) _mlocklab_verbs "$program" ;;
	run:1) _mlocklab_suites "$program" "$word" ;;
	calibrate:1 | profile:1 | profile:2) _mlocklab_kernels "$program" "$word" ;;
	describe:1 | profile:3) _mlocklab_workloads "$program" ;;
	profile:*) _mlocklab_params "$program" "$3" "$word" ;;
	kernels:1) printf '%s\n' list fetch build symbols rm ;;
	kernels:*) [ "$1" = build ] || _mlocklab_kernels "$program" "$word" ;;
	qemu:1) echo fetch ;;
	calibration:1) compgen -d -S / -- "$word" ;;
	compare:[12] | report:[12] | claims:*) _mlocklab_runs "$program" "$word" ;;
	repeat:1 | timeline:1 | explain:1 | locks:1) _mlocklab_runs "$program" "$word" ;;
	esac
}

# The arguments among the words after the verb, given its help: what is no option nor the value of one
_mlocklab_arguments() {
	local help=$1 word value=
	shift
	for word; do
		if [ -n "$value" ]; then
			value=
		elif [[ $word != -* ]]; then
			echo "$word"
		elif [[ $word != *=* ]] && grep -qE -- "^  .*$word \[?[A-Z]" <<<"$help"; then
			value=next
		fi
	done
}

_mlocklab_choices() {
	local program=$1 verb=$2 last=$3 word=$4 help arguments
	shift 4
	if [[ $word == --*=* ]]; then
		_mlocklab_value "$program" "$verb" "${word%%=*}" "${word#*=}" | sed "s/^/${word%%=*}=/"
		return
	fi
	help=$(_mlocklab_help "$program" "$verb")
	if [[ $word == -* ]]; then
		_mlocklab_options <<<"$help"
		return
	fi
	[[ $last == --* ]] && _mlocklab_value "$program" "$verb" "$last" "$word" | grep . && return
	mapfile -t arguments < <(_mlocklab_arguments "$help" "$@")
	_mlocklab_argument "$program" $((${#arguments[@]} + 1)) "$word" "$verb" "${arguments[@]}"
}

_mlocklab() {
	local line=${COMP_LINE:0:COMP_POINT} program=$1 words n word choice kept breaks=${COMP_WORDBREAKS//[^=:]/}
	# words as a user sees them: bash breaks them at = and : too
	read -ra words <<<"$line"
	[[ $line == *[[:blank:]] ]] && words+=("")
	n=${#words[@]} word=${words[n - 1]} COMPREPLY=()
	# the end of the word alone is replaced, from the last character at which bash breaks
	kept=${word##*["${breaks:-=}"]}
	kept=${word%"$kept"}
	[ -n "$breaks" ] || kept=
	while IFS= read -r choice; do
		[[ $choice != "$word"* ]] || COMPREPLY+=("$(printf %q "${choice#"$kept"}")")
	done < <(if [ "$n" -le 2 ]; then
		_mlocklab_verbs "$program"
		printf '%s\n' help --help --version --paths
	else
		_mlocklab_choices "$program" "${words[1]}" "${words[n - 2]}" "$word" "${words[@]:2:n-3}"
	fi)
	[[ ${#COMPREPLY[@]} = 1 && ${COMPREPLY[0]} == *[/:=] ]] && compopt -o nospace
	return 0
}

complete -o nosort -F _mlocklab mlocklab
