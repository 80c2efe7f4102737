#!/bin/bash
# Every verb has a manual page, which has the options of its table and no others; the pages are
# sound, and lead to each other.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"
# shellcheck source=runner/main/completion.bash
. runner/main/completion.bash

pages=docs/man

# The options that a page defines or shows in its synopsis; --help goes without saying
in_page() {
	sed -n '/^\.Sh SYNOPSIS/,/^\.Sh DESCRIPTION/p; /^\.It /p' "$1" | grep -oE 'Fl -[a-z-]+|\| -[a-z-]+' |
		sed 's/^[^-]*/-/' | grep -vx -e --help | sort -u
}

# Those of a verb's own table; of another's, that one's page tells
in_table() {
	awk -F'\t' '$1 == "option" { print $2 }' | grep -vx -e --help | sort -u
}

# agree PAGE OPTIONS: they tell of the same options
agree() {
	differ=$(diff <(in_page "$1") <(grep . <<<"$2"))
	[ -z "$differ" ] || die "$1 (<) and the verb (>) have other options:
$differ"
	checks=$((checks + 1))
}

# The verbs that are listed are those that there are
built=$(find "$libexec" -name 'mlocklab-*' | sed 's/.*mlocklab-//')
verbs=$(_mlocklab_verbs ./mlocklab)
same "$(echo "$verbs" | sort)" "$(echo "$built" | sort)" 'the verbs of mlocklab --help'

for verb in $verbs; do
	page=$pages/mlocklab-$verb.1
	[ -e "$page" ] || die "the verb $verb has no page $page"
	grep -qx "\.Nm mlocklab $verb" "$page" || die "$page has no synopsis of it"
	grep -q "^\.It Xr .*mlocklab-$verb 1" "$pages/mlocklab.1" || die "mlocklab(1) does not name $verb"
	options=$(_mlocklab_table ./mlocklab "$verb" | in_table)
	agree "$page" "$options"
	expect 0 ./mlocklab "$verb" --help
	grep -q "^usage: mlocklab $verb" "$out" || die "mlocklab $verb --help is not its own: $(head -n 1 "$out")"
	for option in $options; do
		grep -q -e "^  .*$option\>" "$out" || die "mlocklab $verb --help does not tell of $option"
	done
done
agree "$pages/mlocklab.1" "$(./mlocklab --help | grep -oe '--[a-z-]*' | grep -vx -e --help | sort -u)"

# What mandoc finds, but for pages of others that its database may lack
for page in "$pages"/*.[15]; do
	mandoc -T lint -W style "$page"
done >"$out" 2>"$err"
grep -v -e 'mandoc.db lacks' -e 'referenced manual not found' "$out" && die 'mandoc complains'
for name in $(sed -n 's/.*Xr \(mlock[a-z]*-*[a-z-]*\) .*/\1/p' "$pages"/*.[15] | sort -u); do
	[ "$name" = mlock ] || [ -e "$pages/$name.1" ] || [ -e "$pages/$name.5" ] || die "there is no page $name"
	checks=$((checks + 1))
done

# help shows the page with man, or without one what --help says
mkdir "$tmp/bin"
printf '#!/bin/sh\necho "page $*"\n' >"$tmp/bin/man"
chmod +x "$tmp/bin/man"
expect 0 env PATH="$tmp/bin:$PATH" ./mlocklab help run
same "$(cat "$out")" "page $PWD/$pages/mlocklab-run.1" 'what help asked man for'
rm "$tmp/bin/man"
expect 0 env PATH="$tmp/bin" ./mlocklab help run
same "$(cat "$out")" "$(./mlocklab run --help)" 'what help says where there is no man'
expect 2 ./mlocklab help ../run
says "no verb '../run'"

echo "$checks checks of $(find "$pages" -name '*.[15]' | wc -l) pages"
