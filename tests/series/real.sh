#!/bin/sh
# A series of ours on a real kernel's source, Debian's of 6.1 in a git repository: what each patch costs,
# one that is only a comment, one that does not build, one that panics; an amended patch; and a bisection
# among 16. One whole build of a small kernel, then some files a patch. Not part of `make check`: `make
# check-series` runs it.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"
# shellcheck source=tests/git.sh
. tests/git.sh
unset MLOCKLAB_TREE

# The source in a repository, which stays in the cache: to put it there takes a minute
expect 0 mlocklab kernels fetch debian-source:6.1
source=$(awk '{ print $3 }' "$out")
src=${source%/*/*}/tests/series-tree
if ! git -C "$src" rev-parse -q --verify base >/dev/null 2>&1; then
	rm -rf "$src"
	mkdir -p "$src"
	cp -a "$source/." "$src"
	git -C "$src" init -q -b master
	git -C "$src" config user.name tester
	git -C "$src" config user.email tester@localhost
	git -C "$src" config gc.auto 0
	git -C "$src" add -A -f
	git -C "$src" commit -q -m base
	git -C "$src" tag base
fi
git -C "$src" checkout -q -f -B series base

mlock=$src/mm/mlock.c
# rounds N: munlock_page() does nothing N times over: three instructions each
rounds() {
	sed -i "/^void munlock_page(struct page \*page)\$/,/^}/ s/^\tstruct pagevec \*pvec;\$/&\n\tint round;\n\n\tfor (round = 0; round < $1; round++)\n\t\tasm volatile(\"nop\");/" "$mlock"
	grep -q "round < $1;" "$mlock" || die 'mm/mlock.c of 6.1 is not what this test knows'
}
patch() {
	git -C "$src" commit -q -a -m "$1"
}
back_to() {
	git -C "$src" checkout -q "$1" -- mm
}

sed -i 's,munlock_page - munlock a page,munlock_page - munlock one page,' "$mlock"
patch 'mm/mlock: a comment'
git -C "$src" tag -f comment >/dev/null
rounds 100
patch 'mm/munlock: a hundred rounds'
git -C "$src" tag -f rounds >/dev/null
echo 'int broken(void) { return no_such_thing; }' >>"$mlock"
patch 'mm/munlock: a line too many'
back_to comment
patch 'mm/munlock: no rounds'
cat >>"$mlock" <<'EOF2'
static int __init stop_at_boot(void)
{
	panic("mlock: this patch stops the boot");
}
early_initcall(stop_at_boot);
EOF2
patch 'mm/mlock: stop at boot'
back_to comment
# what the workload maps and does not lock costs more to unmap: the control
sed -i '/^static unsigned long zap_pte_range(/,/^}/ s/^\t\t\tpage = vm_normal_page(vma, addr, ptent);$/&\n\t\t\tif (!(vma->vm_flags \& VM_LOCKED) \&\& vma->vm_end - vma->vm_start == 1 << 20) {\n\t\t\t\tint round;\n\n\t\t\t\tfor (round = 0; round < 100; round++)\n\t\t\t\t\tasm volatile("nop");\n\t\t\t}/' "$src/mm/memory.c"
grep -q 'round < 100' "$src/mm/memory.c" || die 'mm/memory.c of 6.1 is not what this test knows'
patch 'mm/memory: unmapping costs what is not locked'
git -C "$src" log --oneline --reverse base..series

cat >"$tmp/e.ini" <<'EOF2'
[global]
iterations=2
warmup=1
memory=512
[exit]
workload=exit-mlocked
procs=2
size=1M
lock=mlock,none
EOF2
kernels=${source%/*/*}/kernels
boots=${source%/*/*}/boots
state_of "$src" >"$tmp/before"

expect 0 mlocklab series base..series "$tmp/e.ini" --tree "$src" --out "$tmp/run"
cp "$out" "$tmp/table"
cat "$tmp/table"
untouched "$src"
row 1 'mm/mlock: a comment' 'the image of 0' 'a comment makes another image'
row 2 'mm/munlock: a hundred roun' '\+[0-9.]+%!( .*)?' 'the rounds are no step'
row 3 'mm/munlock: a line too man' 'it does not build: .*' 'what does not build is no row'
row 4 'mm/munlock: no rounds' '-[0-9.]+%\*( .*)?' 'their end is no step'
row 5 'mm/mlock: stop at boot' 'panic in 6 of 6 .*' 'what panics is no row'
row 6 'mm/memory: unmapping costs' '.*\+[0-9.]+%!' 'the control is no step'
# judge N LOCK: the verdict of a patch's step in the cell of that lock=
expect 0 mlocklab steps --format csv "$tmp/run"
judge() {
	sed -n "s/^$1,.*lock=$2\",exit,.*,\([a-z-]*\),[^,]*\$/\1/p" "$out"
}
same "$(judge 2 mlock) $(judge 4 mlock)" 'worse better' 'verdicts on munlock'
same "$(judge 6 none)" worse 'verdict on the control'
for at in '2 none' '4 none' '6 mlock'; do
	# shellcheck disable=SC2086 # two words
	case $(judge $at) in equivalent | changed-small | inconclusive) ;; *) die "patch $at: $(judge $at)" ;; esac
done
grep -q 'munlock_page +301,' "$tmp/table" || die 'a hundred rounds are not 301 instructions of munlock_page()'
grep -q 'munlock_page -301,' "$tmp/table" || die 'nor their end'

# An amended patch costs one build and its own boots
n=$(ls "$kernels" | wc -l) m=$(ls -d "$boots"/*/ | wc -l)
# a number that no kernel in the cache was built with
sed -i "s/round < 100/round < 1$(date +%s | tail -c 5)/" "$src/mm/memory.c"
git -C "$src" commit -q -a --amend -m 'mm/memory: unmapping costs more'
expect 0 mlocklab series base..series "$tmp/e.ini" --tree "$src" --no-profile --out "$tmp/amended"
same "$(ls "$kernels" | wc -l)" "$((n + 1))" 'kernels after one patch was amended'
same "$(ls -d "$boots"/*/ | wc -l)" "$((m + 1))" 'images that were booted'

# One of 16
git -C "$src" checkout -q -f -B sixteen base
i=1
while [ $i -le 16 ]; do
	echo "/* $i */" >>"$mlock"
	[ $i = 11 ] && rounds 20
	patch "mm/mlock: number $i"
	i=$((i + 1))
done
expect 0 mlocklab bisect base sixteen --tree "$src" --cell exit-mlocked/procs=2,size=1M,lock=mlock --memory 512 \
	--out "$tmp/bisect"
cat "$err" "$out"
grep -q '^    mm/mlock: number 11$' "$out" || die 'it is not number 11 that was found'
grep -q 'munlock_page.* +61' "$out" || grep -q 'munlock_page' "$out" || die 'nor the function'
[ "$(grep -c ': \(good\|bad\)$' "$err")" -le 5 ] || die 'it took more than log2(16) steps and one'
echo "$checks checks"
