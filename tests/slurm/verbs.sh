#!/bin/sh
# The verbs that make runs, on a cluster: a calibration, a series whose commits are compiled on nodes, a bisection.
# They find what they find on one machine. The guests have measured at once (tests/tools/stand-in.c), kernels are
# "built" by copying one (tests/git.sh); Slurm, its jobs and tasks are the real ones.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"
# shellcheck source=tests/git.sh
. tests/git.sh
# shellcheck source=tests/slurm/cluster.sh
. tests/slurm/cluster.sh

cluster_or_skip

# Whether every boot of a run was made on a node: on_nodes RUN
on_nodes() {
	boots=$(ls -d "$1"/boots/[0-9][0-9][0-9] | wc -l)
	same "$(grep -l '"name": "n[123]"' "$1"/boots/[0-9][0-9][0-9]/boot.json | wc -l)" "$boots" "boots of $1 on nodes"
}

# --- a calibration ---
printf '%s\n' '[global]' memory=512 iterations=1 '[exit]' workload=exit-mlocked procs=2 size=256K lock=mlock,none >"$tmp/tiny.ini"
calibrate() {
	mlocklab calibrate debian:6.1 --suite "$tmp/tiny.ini" --target icount --comparisons 2 --qemu tests/fake/qemu-fast "$@"
}
expect 0 calibrate --out "$tmp/cal-here"
expect 0 calibrate --on slurm --out "$tmp/cal-there"
for part in aa equal power; do
	same "$(member "$tmp/cal-there/$part/run.json" status)" complete "status of $part"
	same "$(figures "$tmp/cal-there/$part" | sha256sum)" "$(figures "$tmp/cal-here/$part" | sha256sum)" "what $part measured"
	on_nodes "$tmp/cal-there/$part"
done

# --- a series and a bisection ---
stand_in_kernels
stand_in_tools
cp "$new" "$tmp/new-image"
cat >"$tmp/qemu" <<END
#!/bin/sh
kernel=\$(echo "\$*" | sed 's,.*-kernel \([^ ]*\).*,\1,')
case "\$*" in
*--version*) exec qemu-system-x86_64 "\$@" ;;
esac
! cmp -s "\$kernel" "$tmp/new-image" || export A_TENTH_LESS=yes
exec $PWD/build/stand-in "\$@"
END
chmod 755 "$tmp/qemu"
src=$tmp/linux
stand_in_tree "$src"
# the node that a commit is compiled on tells its name
sed -i "s,^bzImage:,&\n\t@echo \"\$\$SLURMD_NODENAME\" >>$tmp/compiled-on," "$src/Makefile"
step "image=$old" base
git -C "$src" tag base
step "image=$new" 'mm: an entirely different kernel'
git -C "$src" tag culprit
step "image=$new
/* why */" 'mm: say why'
git -C "$src" tag tip
printf '%s\n' '[global]' memory=512 iterations=2 warmup=1 '[exit]' workload=exit-mlocked procs=2 size=256K >"$tmp/e.ini"
expect 0 mlocklab series base..tip "$tmp/e.ini" --tree "$src" --no-profile --qemu "$tmp/qemu" --on slurm --out "$tmp/series"
cp "$out" "$tmp/table"
row 1 'mm: an entirely different' '-1[0-9.]+%?[*!+x]?( .*)?' 'the step is not in the table'
row 2 'mm: say why' 'the image of 1' 'an equal image is not said to be one'
on_nodes "$tmp/series"
same "$(grep -c '^n[123]$' "$tmp/compiled-on")" 3 'commits compiled on nodes'

expect 0 mlocklab bisect base tip --tree "$src" --cell exit-mlocked/procs=2,size=256K,lock=mlock --memory 512 --no-profile \
	--qemu "$tmp/qemu" --on slurm --out "$tmp/bisect"
grep -q "^$(git -C "$src" rev-parse culprit) is the first commit that moved" "$out" || die "the culprit is not found: $(cat "$out")"
for run in "$tmp"/bisect/[0-9]*; do on_nodes "$run"; done

echo "$checks checks of verbs that make runs"
