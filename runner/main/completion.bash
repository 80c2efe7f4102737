# Completion of mlocklab's command lines in bash. What verbs, options and workloads there are is asked of
# mlocklab itself at that moment, and what runs and kernels are stored is read where it says they are.
# shellcheck shell=bash

# What a verb takes, a line for each option and argument, its fields apart by tabs (lib/options.h)
_mlocklab_table() {
	"$1" "$2" --completion 2>/dev/null
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
	local spec=${2#*=} arm="" json
	[ "$spec" = "$2" ] || arm=${2%%=*}=
	case $spec in
	deb:* | image:*) _mlocklab_files "${spec#*:}" | sed "s/^/$arm${spec%%:*}:/" ;;
	*)
		{
			for json in "$(_mlocklab_path "$1" cache)"/kernels/*/kernel.json; do
				[ -r "$json" ] || continue
				sed -n 's/^ *"spec": "\(debian:[^"]*\)".*/\1/p' "$json" | grep . ||
					printf 'built:%s\n' "$(basename "${json%/*}")"
			done
			sed -n 's/^kernel=//p' "$(_mlocklab_path "$1" configs)"/*.ini
			printf '%s\n' running image: deb:
			ls /boot/vmlinuz-* 2>/dev/null | sed 's,^/boot/vmlinuz-,boot:,'
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
		"$1" describe "$2" 2>/dev/null | sed -n 's/^  \([a-z_]*=\).*/\1/p'
	else
		"$1" describe "$2" --json 2>/dev/null |
			sed -n "s/.*{\"name\":\"$name\"[^}]*\"choices\":\[\([^]]*\)\].*/\1/p" |
			tr -d '"' | tr ',' '\n' | sed "s/^/$name=/"
	fi
}

# What a table's last field offers: _mlocklab_offer PROGRAM OFFER WORD ARGUMENT...
_mlocklab_offer() {
	local program=$1 offer word=$3 offers
	IFS='|' read -ra offers <<<"$2"
	shift 3
	for offer in "${offers[@]}"; do
		case $offer in
		kernel) _mlocklab_kernels "$program" "$word" ;;
		suite) _mlocklab_suites "$program" "$word" ;;
		run) _mlocklab_runs "$program" "$word" ;;
		workload) _mlocklab_workloads "$program" ;;
		param) _mlocklab_params "$program" "$3" "$word" ;; # a workload is the third argument there
		dir) compgen -d -S / -- "$word" ;;
		file) _mlocklab_files "$word" ;;
		*) echo "$offer" ;;
		esac
	done
}

# The field N of an option's line: _mlocklab_field TABLE --OPTION N
_mlocklab_field() {
	awk -F'\t' -v option="$2" -v n="$3" '$2 == option { print $n; exit }' <<<"$1"
}

# The arguments among the words after the verb: what is no option nor the value of one
_mlocklab_arguments() {
	local table=$1 word value=
	shift
	for word; do
		if [ -n "$value" ]; then
			value=
		elif [[ $word != -* ]]; then
			echo "$word"
		elif [[ $word != *=* ]]; then
			value=$(_mlocklab_field "$table" "$word" 3)
		fi
	done
}

_mlocklab_choices() {
	local program=$1 verb=$2 last=$3 word=$4 table arguments offer
	shift 4
	if [ "$verb" = help ]; then
		_mlocklab_verbs "$program"
		return
	fi
	table=$(_mlocklab_table "$program" "$verb")
	if [[ $word == --*=* ]]; then
		offer=$(_mlocklab_field "$table" "${word%%=*}" 4)
		_mlocklab_offer "$program" "$offer" "${word#*=}" | sed "s/^/${word%%=*}=/"
		return
	fi
	if [[ $word == -* ]]; then
		awk -F'\t' '$1 != "argument" { print $2 }' <<<"$table"
		return
	fi
	if [[ $last == --* && -n $(_mlocklab_field "$table" "$last" 3) ]]; then
		_mlocklab_offer "$program" "$(_mlocklab_field "$table" "$last" 4)" "$word"
		return
	fi
	mapfile -t arguments < <(_mlocklab_arguments "$table" "$@")
	# the last argument of the table stands for those that follow
	offer=$(awk -F'\t' -v n=$((${#arguments[@]} + 1)) '$1 == "argument" && ($2 == n || $2 ~ /\+/ && $2 + 0 <= n) \
		{ print $4 }' <<<"$table")
	_mlocklab_offer "$program" "$offer" "$word" "${arguments[@]}"
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
