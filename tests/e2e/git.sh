#!/bin/sh
# Kernels from the user's own git tree: what a spec means, what is built, what is never touched. The tree
# is a stand-in; `make check-series` does it with a real one.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"
# shellcheck source=tests/git.sh
. tests/git.sh

stand_in_kernels
stand_in_tools

src=$tmp/linux
stand_in_tree "$src"
step "image=$old" base
git -C "$src" tag v1
step "image=$new" 'mm: another kernel'
step "image=$new
broken" 'mm: does not build'
step "image=$new" 'mm: builds again'

# --- what was there is there, whatever is built ---
echo "image=$old" >"$src/mm/mlock.c" # not committed
echo new >"$src/mm/untracked.c"
touch "$src/arch.o"
state_of "$src" >"$tmp/before"
chmod -R a-w "$src"

# on a terminal it shows how far the first build is, though nobody has built this tree before
expect 0 script -qec "$libexec/mlocklab-kernels build --tree $src git:v1" /dev/null
grep -Eq 'building [0-9a-f]{12}: 30 of about 1640 files, about [0-9]+:[0-9]{2} left' "$out" ||
	die "no time is shown that is left of a first build: $(cat "$out")"
expect 0 mlocklab kernels build --tree "$src" git:v1
first=$(cat "$out")
cmp "$MLOCKLAB_CACHE/kernels/${first#built:}/vmlinuz" "$old" || die 'v1 is built into another kernel'
expect 0 mlocklab kernels build "git:$src@HEAD~2"
cmp "$MLOCKLAB_CACHE/kernels/$(sed s/built:// "$out")/vmlinuz" "$new" || die 'HEAD~2 is built into another'
expect 2 mlocklab kernels build "git:$src@HEAD^"
says 'mm: does not build'
says 'mm/mlock.c:7:1: error: no such thing'
log=$(sed -n "s/.*the whole of it is in '\(.*\)'/\1/p" "$err")
grep -q 'kernel/fork.o' "$log" || die 'the log of the failed build is not kept'

# HEAD has the source of HEAD~2: that is built
expect 0 env MLOCKLAB_TREE="$src" "$(realpath "$libexec")/mlocklab-kernels" build git:HEAD
! grep -q building "$err" || die 'an equal tree is built twice'
expect 0 mlocklab kernels build "git:$src@v1"
! grep -q building "$err" || die 'what the cache holds is built again'
same "$(cat "$out")" "$first" 'the kernel that is built already'

# what is not committed, new files too; ignored ones are none of it
expect 0 mlocklab kernels build "git:$src@HEAD+"
says 'building'
dirty=$MLOCKLAB_CACHE/kernels/$(sed s/built:// "$out")
cmp "$dirty/vmlinuz" "$old" || die 'HEAD+ is not what the working tree says'
grep -q '"dirty": true' "$dirty/kernel.json" || die 'HEAD+ is not marked'
tree=$(echo "$MLOCKLAB_CACHE"/git/linux-*/tree)
[ -e "$tree/mm/untracked.c" ] || die 'a new file is not in HEAD+'
[ ! -e "$tree/arch.o" ] || die 'an ignored file is in HEAD+'
chmod -R u+w "$src"
untouched "$src"

# --- only what differs is touched, and configured anew only where that can matter ---
was=$(stat -c %y "$tree/Makefile")
expect 0 mlocklab kernels build --fragment configs/kernel/lockstat.config "git:$src@v1"
[ "$(stat -c %y "$tree/Makefile")" = "$was" ] || die 'a file that is equal was written'
[ "$(cat "$out")" != "$first" ] || die 'two configurations have one name'
touch -d '2001-01-01' "$tree/.config"
expect 0 mlocklab kernels build --fragment configs/kernel/lockstat.config "git:$src@HEAD"
[ "$(stat -c %Y "$tree/.config")" = "$(date -d 2001-01-01 +%s)" ] || die 'it was configured for nothing'

# --- a configuration of the user's own ---
printf 'CONFIG_64BIT=y\nCONFIG_SHMEM=y\nCONFIG_MINE=y\n' >"$tmp/my.config"
expect 0 mlocklab kernels build --config "$tmp/my.config" "git:$src@v1"
says 'CONFIG_SERIAL_8250_CONSOLE=y: set for the guest'
! grep -q 'CONFIG_SHMEM=y: set' "$err" || die 'it says of a line that is there that it is set'
own=$MLOCKLAB_CACHE/kernels/$(sed s/built:// "$out")
grep -q '^CONFIG_MINE=y' "$own/config" || die "the user's own line is lost"
! grep -q '^CONFIG_HUGETLBFS' "$own/config" || die 'the lab changed more than a guest needs'

# --- in an experiment, and what a run remembers ---
git -C "$src" checkout -q -f HEAD
small_experiment | sed "s|^kernel=.*|kernel=git:v1|" >"$tmp/e.ini"
expect 0 mlocklab run "$tmp/e.ini" --tree "$src" --out "$tmp/run"
same "$(outcome_of "$tmp/run" 1)" ok 'a boot of a commit'
same "$(member "$tmp/run/run.json" commit)" "$(git -C "$src" rev-parse v1)" 'the commit in run.json'
same "$(member "$tmp/run/run.json" subject)" base 'its subject'
same "$(member "$tmp/run/run.json" spec)" "git:$(realpath "$src")@$(git -C "$src" rev-parse v1)" 'its spec in full'
git -C "$src" tag -f v1 HEAD >/dev/null # the name means another commit now
rm "$tmp/run/boots/001/boot.json"
expect 0 mlocklab run --resume "$tmp/run"
same "$(member "$tmp/run/run.json" subject)" base 'what a run goes on with'

# --- no kernel is named: the one that the tree was made into ---
mkdir -p "$src/arch/x86/boot"
cp "$old" "$src/arch/x86/boot/bzImage"
echo 'ffffffff81000000 T _text' >"$src/System.map"
small_experiment | sed '/^\[arm/d; /^kernel=/d' >"$tmp/none.ini"
expect 0 mlocklab run "$tmp/none.ini" --tree "$src" --show-command
says "image:$src/arch/x86/boot/bzImage,map=$src/System.map"
expect 0 mlocklab ab --old "image:$new" --tree "$src" --suite smoke --show-command
says "image:$src/arch/x86/boot/bzImage,map=$src/System.map"
grep -q "kernel $src/arch/x86/boot/bzImage" "$out" || die 'the kernel that was made is not the new one'
expect 125 mlocklab gate --baseline "$tmp/run" --tree "$src" --out "$tmp/gate"
grep -qF "\"spec\": \"image:$src/arch/x86/boot/bzImage,map=$src/System.map\"" "$tmp/gate/run.json" ||
	die 'the gate measured another kernel'
expect 2 mlocklab ab --old "image:$new" --tree "$tmp"
says '--new is missing: two kernels are compared, and the tree has no arch/x86/boot/bzImage'
expect 125 mlocklab gate --baseline "$tmp/run" --tree "$tmp"
says '--kernel is missing'

# --- two commits of a directory have two names ---
expect 0 mlocklab kernels build "source:$src"
a=$(cat "$out")
echo "image=$old" >"$src/mm/mlock.c"
commit_in "$src" 'mm: back'
expect 0 mlocklab kernels build "source:$src"
[ "$(cat "$out")" != "$a" ] || die 'two commits of one directory have one name'
case $(cat "$out") in *$(git -C "$src" rev-parse HEAD | cut -c1-12)*) ;; *) die 'the name does not have the commit' ;; esac
expect 0 mlocklab kernels fetch "$a"

# --- what cannot be ---
expect 2 mlocklab kernels build "git:$src@no-such"
says "'no-such' is no commit of"
expect 2 mlocklab kernels build --tree "$tmp/bin" git:HEAD
says 'is no git repository'
expect 2 mlocklab kernels build "git:$src@v1+"
says 'write HEAD+'
mkdir "$tmp/other"
git -C "$tmp/other" init -q
git -C "$tmp/other" -c user.name=t -c user.email=t commit -q --allow-empty -m none
expect 2 mlocklab kernels build "git:$tmp/other@HEAD"
says "is no kernel's source"
expect 2 mlocklab kernels build git:
says 'names no commit'
expect 2 mlocklab kernels build "git:HEAD,configs=x"
says 'config=FILE'
expect 2 mlocklab kernels build --config README.md "git:$src@HEAD"
says "no kernel's configuration"
echo "$checks checks"
