#!/bin/sh
# What of a tree or a machine keeps a series or a bisection from being made, each with one message; and two at
# once, a merge, a tree that cannot be written to. The commits are "built" into kernels that are here already.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"
# shellcheck source=tests/git.sh
. tests/git.sh

stand_in_kernels
stand_in_tools

src=$tmp/linux
stand_in_tree "$src"
# one_message TEXT: the last program said this, and beside that a merge is there nothing, nor that a commit does
# not build
one_message() {
	says "$1"
	same "$(grep '^mlocklab' "$err" | grep -vc ' is a merge: ')" 1 "messages, of which one says '$1'"
	! grep -q 'does not build' "$err" || die "a commit is blamed: $(cat "$err")"
}
step "image=$old" base
git -C "$src" tag base
step "image=$old
/* ours */" 'mm: ours'
git -C "$src" checkout -q -b topic base
echo 1 >"$src/lib.c"
commit_in "$src" 'lib: of the topic'
step "image=$new
/* topic */" 'mm: the topic moves it'
git -C "$src" tag culprit
echo 2 >"$src/lib.c"
commit_in "$src" 'lib: of the topic, too'
git -C "$src" checkout -q master
git -C "$src" merge -q --no-commit --no-ff -s ours topic >/dev/null 2>&1
printf 'image=%s\n/* ours and topic */\n' "$new" >"$src/mm/mlock.c"
git -C "$src" checkout -q topic -- lib.c
git -C "$src" commit -q -a -m "Merge branch 'topic'"
git -C "$src" tag merge
echo 3 >"$src/lib.c"
commit_in "$src" 'lib: after it'
cat >"$tmp/e.ini" <<'EOF2'
[global]
iterations=1
warmup=0
memory=512
pairs=1
[exit]
workload=exit-mlocked
procs=2
size=256K
lock=mlock
EOF2
cell=exit-mlocked/procs=2,size=256K,lock=mlock
series() {
	mlocklab series base..master "$tmp/e.ini" --tree "$src" --no-profile --pairs 1 "$@"
}

# --- programs that a build takes are not here ---
mkdir "$tmp/few"
for tool in env git sh gcc make bison bc sha256sum; do
	ln -s "$(command -v $tool)" "$tmp/few/$tool"
done
expect 2 env PATH="$tmp/few" "$(realpath "$libexec")/mlocklab-series" base..master "$tmp/e.ini" --tree "$src"
one_message 'as root, run apt-get install flex'
expect 2 env PATH="$tmp/few" "$(realpath "$libexec")/mlocklab-bisect" base master --tree "$src" --cell $cell --out "$tmp/none"
one_message 'as root, run apt-get install flex'
[ ! -e "$tmp/none" ] || die 'a bisection that could not begin has left something'
expect 2 env CC=no-such-compiler "$(realpath "$libexec")/mlocklab-series" base..master --tree "$src"
one_message 'no compiler'
rm "$tmp/few/git"
expect 2 env PATH="$tmp/few" "$(realpath "$libexec")/mlocklab-series" base..master --tree "$src"
one_message 'git is not here: as root, run apt-get install git'

# --- a disk that is too small is said before anything is put on it; a tree that is only mounted to be read ---
if own_mounts true 2>/dev/null; then
	mkdir "$tmp/small" "$tmp/read-only"
	# shellcheck disable=SC2016 # the inner shell's
	expect 2 own_mounts sh -c 'mount -t tmpfs -o size=64M small "$1/small" &&
		MLOCKLAB_CACHE=$1/small/cache "$2/mlocklab-series" base..master --tree "$3"; code=$?
		[ ! -e "$1"/small/cache/git/*/tree/Makefile ] || exit 1; exit $code' sh "$tmp" "$libexec" "$src"
	one_message "it takes 4096 MiB and 6"
	# shellcheck disable=SC2016
	expect 0 own_mounts sh -c 'mount --bind "$3" "$1/read-only" && mount -o remount,bind,ro "$1/read-only" &&
		"$2/mlocklab-kernels" build "git:$1/read-only@HEAD+"' sh "$tmp" "$libexec" "$src"
else
	echo 'no mounts of its own here: neither a small disk nor a read-only tree was tried'
fi

# --- two series at once, over a merge and with changes that nobody committed ---
echo '/* not committed */' >>"$src/mm/mlock.c"
series --out "$tmp/one" >"$tmp/one.out" 2>"$tmp/one.err" &
first=$!
series --out "$tmp/two" >"$tmp/two.out" 2>"$tmp/two.err"
same $? 0 'exit code of the second of two at once'
wait $first
same $? 0 'exit code of the first'
cmp "$tmp/one.out" "$tmp/two.out" || die 'two series at once have two tables'
same "$(ls -d "$MLOCKLAB_CACHE"/boots/*/ | wc -l)" 2 'images that were booted'
same "$(cat "$tmp"/one.err "$tmp"/two.err | grep -c 'boot [0-9]* .*samples')" 2 'boots that both made together'
grep -q "(Merge branch 'topic') is a merge: its step is all that it merges" "$tmp/one.err" || die 'the merge is not said'
grep -q 'has changes that are not committed and not measured' "$tmp/one.err" || die 'nor that there are changes'
git -C "$src" checkout -q -f master

# --- one bisection at a time, and into what a merge merged ---
mlocklab bisect base master --tree "$src" --cell $cell --memory 512 --no-profile --out "$tmp/bisect" \
	>"$tmp/bisect.out" 2>"$tmp/bisect.err" &
first=$!
wait_for 60 [ -d "$tmp/bisect" ]
expect 2 mlocklab bisect base master --tree "$src" --cell $cell
one_message "another bisection of '$src' is under way"
wait $first
same $? 0 "exit code of the bisection: $(cat "$tmp/bisect.err")"
grep -q "^$(git -C "$src" rev-parse culprit) is the first commit that moved" "$tmp/bisect.out" ||
	die "it is not found in the branch that was merged: $(cat "$tmp/bisect.out")"
grep -q 'is a merge: on into what it merged' "$tmp/bisect.err" || die 'nor is it said that one was gone into'

# --- a repository that belongs to somebody else ---
if [ "$(id -u)" = 0 ]; then
	chown -R 65534 "$src/.git"
	expect 2 mlocklab series base..master --tree "$src"
	one_message 'safe.directory'
fi
echo "$checks checks"
