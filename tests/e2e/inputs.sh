#!/bin/sh
# What a run boots is fixed when it begins: its image is replaced between two boots, the cache it came from is
# gone, the programs of its guests are built anew, and every boot is of what it began with.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

expect 0 mlocklab kernels fetch debian:5.10 debian:6.1
image_of() {
	expect 0 mlocklab kernels fetch "$1"
	awk '{print $3}' "$out"
}
old=$(image_of debian:5.10) new=$(image_of debian:6.1)

# A tree of its own, in which everything can be spoilt
tree=$tmp/tree
mkdir -p "$tree/build/libexec" "$tree/configs/kernel" "$tree/cache/kernels"
cp configs/kernel/debian.ini "$tree/configs/kernel"
cp build/mlockbench build/guest-init "$tree/build"
cp "$libexec/mlocklab-run" "$tree/build/libexec"
cp -r "$(dirname "$new")" "$tree/cache/kernels"
cp "$new" "$tmp/bzImage"
unset MLOCKLAB_CACHE

{
	small_experiment 'pairs=2' | sed '/^pairs=1/d; /^\[arm/,/^kernel/d; /^\[exit\]/,$d'
	printf '[arm:own]\nkernel=image:%s\n[arm:cached]\nkernel=debian:6.1\n' "$tmp/bzImage"
} >"$tmp/x.ini"
"$tree/build/libexec/mlocklab-run" "$tmp/x.ini" --workers 1 --out "$tmp/run" >"$out" 2>"$err" &
job=$!
wait_for 120 test -e "$tmp/run/boots/001/samples.jsonl"
# in place, as make does it: a link to the file would not do
cat "$old" >"$tmp/bzImage"
rm -r "$tree/cache"
echo 'exit 1' >"$tree/build/mlockbench"
rm "$tree/build/guest-init"
wait "$job"
same $? 0 'exit code of the run'

for n in 1 2 3 4; do
	same "$(outcome_of "$tmp/run" $n)" ok "boot $n"
	same "$(grep -o '"release": "6\.1[^"]*"' "$(printf '%s/run/boots/%03d/boot.json' "$tmp" $n)" | wc -l)" 1 "boots of 6.1, at $n"
	same "$(samples_of "$tmp/run" $n)" 2 "samples of boot $n"
done
[ ! -e "$tmp/run/inputs" ] || die 'the copies are left behind'

# The image that is there now is another: the run is not gone on with.
cp build/mlockbench build/guest-init "$tree/build"
rm -r "$tmp/run/boots/004"
mkdir -p "$tree/cache/kernels" && cp -r "$(dirname "$new")" "$tree/cache/kernels"
expect 2 "$tree/build/libexec/mlocklab-run" --resume "$tmp/run"
says "kernel 'image:$tmp/bzImage' is no longer the image that"

# QEMU is started where it lies: when it is upgraded the run ends, and goes on with none but the first.
cp tests/fake/qemu-fast "$tmp/qemu"
small_experiment 'pairs=60' | sed '/^pairs=1/d' >"$tmp/x.ini"
mlocklab run "$tmp/x.ini" --qemu "$tmp/qemu" --workers 1 --out "$tmp/upgraded" >"$out" 2>"$err" &
job=$!
wait_for 120 test -e "$tmp/upgraded/boots/002/boot.json"
cp tests/fake/qemu-fast "$tmp/newer" && echo '# newer' >>"$tmp/newer" && mv "$tmp/newer" "$tmp/qemu"
wait "$job"
same $? 2 'exit code of a run whose QEMU was upgraded'
says "'$tmp/qemu' is not the file that the run began with"
same "$(member "$tmp/upgraded/run.json" status)" incomplete 'the run whose QEMU was upgraded'
expect 2 mlocklab run --resume "$tmp/upgraded" --qemu "$tmp/qemu"
says 'QEMU is not the one'
cp tests/fake/qemu-fast "$tmp/qemu"
expect 0 mlocklab run --resume "$tmp/upgraded" --qemu "$tmp/qemu" --workers 2
expect 0 mlocklab fsck "$tmp/upgraded"

echo "$checks checks"
