#!/bin/sh
# Kernels that the cache lacks are made in jobs of a cluster, and the boots depend on those: who typed the command
# builds nothing and need not wait. A kernel that cannot be made cancels the boots and is named. Kernels are
# "built" by copying one (tests/git.sh), guests have measured at once (tests/tools/stand-in.c); Slurm is the real one.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"
# shellcheck source=tests/git.sh
. tests/git.sh
# shellcheck source=tests/slurm/cluster.sh
. tests/slurm/cluster.sh

cluster_or_skip
stand_in_kernels
stand_in_tools
cat >"$tmp/qemu" <<END
#!/bin/sh
case "\$*" in
*--version*) exec qemu-system-x86_64 "\$@" ;;
esac
exec $PWD/build/stand-in "\$@"
END
chmod 755 "$tmp/qemu"
src=$tmp/linux
stand_in_tree "$src"
# a build tells the node that it is made on, and lasts while $tmp/wait is there
sed -i "s,^bzImage:,&\n\t@echo \"\$\${SLURMD_NODENAME:-login}\" >>$tmp/compiled-on; while [ -e $tmp/wait ]; do sleep 1; done," "$src/Makefile"
step "image=$old" base
git -C "$src" tag base
step "image=$new" 'mm: an entirely different kernel'
git -C "$src" tag tip
step 'broken' 'mm: not finished'
git -C "$src" tag broken
small_experiment | sed 's/^pairs=1$/pairs=2/;/^\[arm/d;/^kernel=/d' >"$tmp/x.ini"

# two NEW OPTION...: base against it, on the cluster
two() {
	tip=$1
	shift
	mlocklab run "$tmp/x.ini" --kernel old=git:base --kernel "new=git:$tip" --tree "$src" --qemu "$tmp/qemu" --on slurm "$@"
}

# --- it is typed, and there is nothing more to do: two builds, one job each, and the boots after them ---
expect 0 two tip --submit --out "$tmp/left"
same "$(cat "$out")" "$tmp/left" 'the last word'
same "$(wc -l <"$tmp/left/slurm/kernels")" 3 'jobs before the boots'
[ ! -e "$tmp/left/run.json" ] || die 'the run began before its kernels were there'
# the tree goes on meanwhile; what was typed is measured
git -C "$src" checkout -q base
wait_for 120 sh -c "[ \$(ls $tmp/left/boots/*/boot.json | wc -l) = 4 ]"
same "$(sort -u "$tmp/compiled-on" | grep -vc '^n[123]$')" 0 'kernels made where the command was typed'
same "$(wc -l <"$tmp/compiled-on")" 2 'builds'
expect 0 mlocklab run --resume "$tmp/left" --qemu "$tmp/qemu" --on slurm
same "$(member "$tmp/left/run.json" status)" complete 'its status'
grep -q "\"spec\": \"git:$src@$(git -C "$src" rev-parse tip)" "$tmp/left/run.json" || die 'the commit is not the one that was typed'
[ ! -e "$tmp/left/planned.json" ] || die 'it is planned still'
expect 0 mlocklab fsck "$tmp/left"
# the command in run.json is the one that was typed
grep -q '"--submit"' "$tmp/left/run.json" || die 'another command'

# --- with kernels that are there none is made, and the figures are the same ---
expect 0 two tip --out "$tmp/there"
[ ! -e "$tmp/there/slurm/kernels" ] || die 'kernels are made again'
same "$(figures "$tmp/there" | sha256sum)" "$(figures "$tmp/left" | sha256sum)" 'what was measured'

# --- it is waited for ---
rm -r "$MLOCKLAB_CACHE/kernels"
expect 0 two tip --out "$tmp/waited"
says 'made in job'
same "$(member "$tmp/waited/run.json" status)" complete 'status of a run that was waited for'
same "$(figures "$tmp/waited" | sha256sum)" "$(figures "$tmp/left" | sha256sum)" 'what was measured'

# --- a kernel that does not build: no boot, and it is named ---
expect 2 two broken --out "$tmp/broken"
says "kernel 'git:$src@$(git -C "$src" rev-parse broken)' was not made: job"
says 'no such thing'
says 'its boots are cancelled'
wait_for 60 sh -c '[ -z "$(squeue -h)" ]'
[ ! -e "$tmp/broken/run.json" ] || die 'a run without its kernel began'
same "$(find "$tmp/broken/boots" -mindepth 1 | wc -l)" 0 'boots of it'
# a package that no mirror has
expect 2 mlocklab run "$tmp/x.ini" --kernel debian:6.66 --mirror http://127.0.0.1:9 --qemu "$tmp/qemu" --on slurm --out "$tmp/none"
says "kernel 'debian:6.66' was not made: job"

# --- Ctrl-C, or an end by kill, takes the jobs along; the run is gone on with ---
rm -r "$MLOCKLAB_CACHE/kernels"
touch "$tmp/wait"
"$libexec/mlocklab-run" "$tmp/x.ini" --kernel old=git:base --kernel new=git:tip --tree "$src" --qemu "$tmp/qemu" --on slurm \
	--out "$tmp/ended" >"$out" 2>"$err" &
runner=$!
wait_for 60 grep -q 'its boots follow in job' "$err"
wait_for 60 sh -c '[ "$(squeue -h | wc -l)" = 3 ]'
"$libexec/mlocklab-run" --resume "$tmp/ended" --qemu "$tmp/qemu" >/dev/null 2>"$tmp/refused"
grep -q 'tasks in Slurm: --on slurm waits for them' "$tmp/refused" || die "it says: $(cat "$tmp/refused")"
# who looks on takes nothing along
"$libexec/mlocklab-run" --attach "$tmp/ended" >/dev/null 2>&1 &
looker=$!
sleep 3
kill -TERM "$looker"
wait "$looker"
[ $? = 2 ] || die 'who looked on did not wait for a run that is planned'
same "$(squeue -h | wc -l)" 3 'jobs when who looked on has gone'
kill -TERM "$runner"
wait "$runner"
[ $? != 0 ] || die 'a run that was ended ended well'
wait_for 60 sh -c '[ -z "$(squeue -h)" ]'
rm "$tmp/wait"
expect 0 mlocklab run --resume "$tmp/ended" --qemu "$tmp/qemu" --on slurm
same "$(figures "$tmp/ended" | sha256sum)" "$(figures "$tmp/left" | sha256sum)" 'what was measured in the end'

expect 2 mlocklab run "$tmp/x.ini" --kernel git:base --tree "$src" --submit
says '--submit hands boots over to Slurm: say --on slurm'
echo "$checks checks of kernels made in jobs"
