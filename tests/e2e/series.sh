#!/bin/sh
# A series and a bisection in a tree whose commits are "built" into kernels that are here already;
# `make check-series` does it with a real tree.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"
# shellcheck source=tests/git.sh
. tests/git.sh

stand_in_kernels
stand_in_tools

src=$tmp/linux
stand_in_tree "$src"
step "image=$old" base
git -C "$src" tag base
step "image=$old
/* why */" 'mm: say why'
echo more >"$src/Documentation"
commit_in "$src" 'Documentation: more of it'
step "image=$new" 'mm: an entirely different kernel'
git -C "$src" tag culprit
step "broken" 'mm: does not build'
git -C "$src" tag broken
step "image=$old" 'mm: back to where it was'
git -C "$src" tag tip
state_of "$src" >"$tmp/before"
cat >"$tmp/e.ini" <<'EOF2'
[global]
iterations=2
warmup=1
memory=512
[exit]
workload=exit-mlocked
procs=2
size=256K
EOF2

# --- the series ---
expect 0 mlocklab series base..tip "$tmp/e.ini" --tree "$src" --no-profile --out "$tmp/run"
cp "$out" "$tmp/table"
awk 'length > 75 { exit 1 }' "$tmp/table" || die 'the table is wider than 75 columns'
row 1 'mm: say why' 'the image of 0' 'an equal image is not said to be one'
row 2 'Documentation: more of it' 'the image of 0' 'a second equal image is not'
row 3 'mm: an entirely different' '[x+-][0-9.]+%?[*!]( .*)?' 'the step is not in the table'
row 4 'mm: does not build' 'it does not build: .*' 'a patch that does not build is no row'
row 5 'mm: back to where it was' '.*[*!]' 'the way back is no step'
grep -Eq '^    the whole series *$' "$tmp/table" || die 'the whole is not equivalent'
grep -q 'note: 5: its step is from 3' "$tmp/table" || die 'it does not say where the step begins'
tr -s ' \n' ' ' <"$tmp/table" | grep -q 'note: 4: it does not build: [^;]*mm/mlock.c:7:1: error: no such thing' || die 'the first error is not quoted'
same "$(ls -d "$MLOCKLAB_CACHE"/boots/*/ | wc -l)" 2 'images that were booted'
same "$(member "$tmp/run/run.json" status)" complete 'the run'
grep -q "data:image/svg" "$tmp/run/report/series.html" || die 'the page has no waterfall'
untouched "$src"

# --- what is stored says the same, in every form ---
expect 0 mlocklab steps "$tmp/run"
cmp -s "$out" "$tmp/table" || die 'steps prints another table than series'
expect 0 mlocklab steps --format json "$tmp/run"
grep -q '"range": "base..tip"' "$out" || die 'json has no range'
expect 0 mlocklab steps --format csv "$tmp/run"
same "$(grep -c '^4,.*no such thing' "$out")" 1 'the row in CSV of what does not build'
expect 0 mlocklab steps --format markdown "$tmp/run"
grep -q '^| 3 | mm: an entirely different kernel |' "$out" || die 'markdown has no such row'
# a claim that names a patch is judged there, one that names none from end to end
mkdir "$tmp/claims"
cat >"$tmp/claims/1-these.ini" <<EOF2
[its-own]
claim=it is another kernel
source=a test
subject=mm: an entirely different kernel
workload=exit-mlocked procs=2 size=256K
metric=exit
expect=equal
[by-its-commit]
claim=it is the same one again
source=a test
subject=$(git -C "$src" rev-parse tip)
workload=exit-mlocked procs=2 size=256K
metric=exit
expect=equal
[the-whole]
claim=it is the same kernel
source=a test
workload=exit-mlocked procs=2 size=256K
metric=exit
expect=equal
EOF2
expect 0 mlocklab claims --claims "$tmp/claims" --format json "$tmp/run"
same "$(sed -n 's/^ *"alone": \([a-z]*\).*/\1/p' "$out" | xargs)" 'true true false' 'claims judged at their own patch'
same "$(sed -n 's/^ *"verdict": "\([a-z ]*\)",*/\1/p' "$out" | xargs)" 'does not hold does not hold holds' 'what they say'
expect 0 mlocklab fsck "$tmp/run"
# which patch a row is of is vouched for too
cp -r "$tmp/run" "$tmp/edited"
sed -i 's/an entirely different kernel/nothing of note/' "$tmp/edited/series.json"
expect 1 mlocklab fsck "$tmp/edited"
grep -qF "series.json' was changed after it was stored" "$out" || die 'fsck does not see an edited series.json'
expect 2 mlocklab steps "$tmp/edited"
says "series.json' was changed after it was stored"
expect 0 mlocklab compare --old base --new p05 "$tmp/run"

# --- again: nothing is built or booted; an amended message costs nothing, an amended patch itself ---
git -C "$src" commit -q --amend -m 'mm: back, with a better subject'
expect 0 mlocklab series base..HEAD "$tmp/e.ini" --tree "$src" --no-profile --out "$tmp/again"
! grep -q 'boot [0-9]* .*samples' "$err" || die 'a boot was made again'
grep -q 'back, with a bette' "$out" || die 'the new subject is not there'
same "$(ls -d "$MLOCKLAB_CACHE"/boots/*/ | wc -l)" 2 'images that were booted, all in all'
cmp "$tmp/run/boots/001/samples.jsonl" "$tmp/again/boots/001/samples.jsonl" || die 'boots differ'

# --- bisection ---
expect 0 mlocklab bisect base broken~1 --tree "$src" --cell exit-mlocked/procs=2,size=256K,lock=mlock --memory 512 \
	--no-profile --out "$tmp/bisect"
grep -q "^$(git -C "$src" rev-parse culprit) is the first commit that moved" "$out" || die 'the culprit is not found'
grep -q 'mm: an entirely different kernel' "$out" || die 'nor its subject'
grep -Eq '95 % interval [0-9.]+ to [0-9.]+' "$out" || die 'nor the size of its step'

# --- who waits for which lock, of the base and both sides of the step ---
expect 0 mlocklab series base..culprit "$tmp/e.ini" --tree "$src" --no-profile --locks --out "$tmp/locked"
cp "$out" "$tmp/table"
awk 'length > 75 { exit 1 }' "$tmp/table" || die 'with locks the table is wider than 75 columns'
grep -q "Recorded by 'slowpath' in boots of their own (tcg, 4 CPUs)" "$tmp/table" || die 'it does not say how locks were recorded'
same "$(grep -Ec '^(base|p03) ' "$tmp/table")" 2 'kernels with lock evidence, of the cell that moved'
grep -q 'id="locks"' "$tmp/locked/report/series.html" || die 'the page has no lock evidence'
expect 0 mlocklab steps "$tmp/locked"
cmp -s "$out" "$tmp/table" || die 'steps does not print the locks that are stored'
expect 0 mlocklab locks "$tmp/locked/locks"
# a profile that was interrupted, of which a run that lacks a boot is as good as any, is gone on with
mkdir "$tmp/locked/profiles"
cp -a "$tmp/run" "$tmp/locked/profiles/p03"
rm -r "$tmp/locked/profiles/p03/boots/001"
sed -i 's/"status": "complete"/"status": "running"/' "$tmp/locked/profiles/p03/run.json"
expect 0 mlocklab steps --profile "$tmp/locked"
[ -e "$tmp/locked/profiles/p03/boots/001/boot.json" ] || die 'a profile that was interrupted is not gone on with'

# --- a series that changes no image is an answer, not a failure: its base's boots are there already ---
expect 0 mlocklab series base..culprit~1 "$tmp/e.ini" --tree "$src"
grep -q "2 patches of 'base..culprit~1': the image of the base" "$out" || die 'equal images are no answer'

# --- an option that only the series brings: the base does without it, and one that neither has is a slip ---
git -C "$src" checkout -q -b feature base
printf 'config NO_SUCH_BEFORE\nCONFIG_NO_SUCH_BEFORE=y\n' >"$src/mm/Kconfig"
step "image=$new" 'mm: a feature behind an option'
echo CONFIG_NO_SUCH_BEFORE=y >"$tmp/feature.config"
expect 0 mlocklab series base..feature "$tmp/e.ini" --tree "$src" --fragment "$tmp/feature.config" --no-profile \
	--out "$tmp/feature"
tr -s ' \n' ' ' <"$out" >"$tmp/words"
grep -q 'note: 0: its configuration does not take: CONFIG_NO_SUCH_BEFORE=y' "$tmp/words" ||
	die 'it is not said that the base does without the option'
grep -q 'its configuration differs: CONFIG_NO_SUCH_BEFORE: y, was n' "$tmp/words" || die 'nor where it begins'
echo CONFIG_NO_SUCH_AT_ALL=y >>"$tmp/feature.config"
for verb in "series base..feature" "bisect base feature --cell exit-mlocked/procs=2"; do
	# shellcheck disable=SC2086 # words
	expect 2 mlocklab $verb --tree "$src" --fragment "$tmp/feature.config" --out "$tmp/slip"
	says "a fragment asks for 'CONFIG_NO_SUCH_AT_ALL=y': neither"
done
git -C "$src" checkout -q master

# --- what cannot be ---
expect 2 mlocklab series base..base --tree "$src"
says 'is empty'
expect 2 mlocklab series tip..base --tree "$src"
says "write 'base..tip'"
expect 2 mlocklab series base --tree "$src"
says 'BASE..TIP'
expect 2 mlocklab series base..tip --tree "$src" --only no-such
says 'no commit in it touches no-such'
expect 2 mlocklab series base..tip no-such-suite --tree "$src"
says "no experiment 'no-such-suite'"
expect 2 mlocklab series base..tip --tree "$tmp/no-such"
says "cannot read the tree"
expect 2 mlocklab bisect base tip --tree "$src"
says '--cell is missing'
expect 2 mlocklab bisect base tip --tree "$src" --cell no-such/x=1
says '--cell no-such/x=1'
git clone -q --depth 2 "file://$src" "$tmp/shallow" 2>/dev/null
git -C "$tmp/shallow" fetch -q --depth 1 origin tag base 2>/dev/null
expect 2 mlocklab series base..HEAD --tree "$tmp/shallow"
says 'is shallow and ends within'
echo "$checks checks"
