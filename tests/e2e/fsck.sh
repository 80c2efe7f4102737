#!/bin/sh
# A run tells when it is not as it was measured: fsck says what and where, readers refuse it, and
# --resume makes what does not fit again, with the old kept.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

small_experiment >"$tmp/x.ini"
expect 0 mlocklab run "$tmp/x.ini" --pairs 2 --out "$tmp/run"
expect 0 mlocklab fsck "$tmp/run"
same "$(cat "$out")" "$tmp/run: 2 of 2 boots; all that is there fits" 'fsck of a run nobody touched'
cp -a "$tmp/run" "$tmp/whole"

again() {
	rm -rf "$tmp/run"
	cp -a "$tmp/whole" "$tmp/run"
}

# found TEXT: fsck finds this, and what reads the run refuses it
found() {
	expect 1 mlocklab fsck "$tmp/run"
	grep -qF -e "$1" "$out" || {
		cat "$out"
		die "fsck does not say: $1"
	}
	expect 2 mlocklab report "$tmp/run"
	again
}

b1=$tmp/run/boots/001 b2=$tmp/run/boots/002
sed -i 1,2d "$b1/samples.jsonl"
found "$b1/samples.jsonl' has "
: >"$b2/samples.jsonl"
found "$b2/samples.jsonl' has 0 lines, 0 bytes, and was stored with "
cat "$tmp/whole/boots/001/samples.jsonl" >>"$b1/samples.jsonl"
found "$b1/samples.jsonl' has "
sed -i 's/"elapsed_ns":\([0-9]*\)/"elapsed_ns":\10/' "$b1/samples.jsonl"
found "$b1/samples.jsonl' has "
sed -i 's/"elapsed_ns":[0-9]/"elapsed_ns":9/' "$b1/samples.jsonl"
found "$b1/samples.jsonl' was changed after it was stored"
mv "$b1" "$tmp/aside" && mv "$b2" "$b1" && mv "$tmp/aside" "$b2"
found "$b1/boot.json' is of another boot: its 'n' is not what run.json has for it"
rm "$b2/events.jsonl"
found "cannot open '$tmp/run/boots/002/events.jsonl'"
sed -i 's/"margin": [0-9.]*/"margin": 0.5/' "$tmp/run/run.json"
found "'$tmp/run/run.json' was changed after it was stored"
rm "$b1/boot.json" && mkfifo "$b1/boot.json"
found "$b1/boot.json' is no regular file"

# What is there beside is told, and harms nobody
touch "$b1/notes.txt"
expect 1 mlocklab fsck "$tmp/run"
grep -qF "$b1/notes.txt' is not among what was stored" "$out" || die 'fsck does not see a file that was added'
expect 0 mlocklab report "$tmp/run"
again

# An edited run cannot pass itself off as one of before there were sums
sed -i 's/"format": 2/"format": 1/; s/"plan_sha256"/"no_sha256"/; s/"margin": [0-9.]*/"margin": 0.5/' "$tmp/run/run.json"
expect 1 mlocklab fsck "$tmp/run"
grep -qF "'$tmp/run/run.json' says that it is of an older mlocklab" "$out" || die 'fsck takes it for an old run'
again

# and nobody waits for what stands where a file of a series or of a report should
cp -r results/reference "$tmp/series"
mkfifo "$tmp/series/series.json"
expect 2 timeout 60 "$libexec/mlocklab-steps" "$tmp/series"
says "'$tmp/series/series.json' is no regular file"
expect 0 mlocklab report "$tmp/run"
rm "$tmp/run/report/.files" && mkfifo "$tmp/run/report/.files"
expect 2 timeout 60 "$libexec/mlocklab-report" "$tmp/run"
says "'$tmp/run/report/.files' is no regular file"
again

# --resume takes nothing that does not fit
sed -i 1,2d "$b2/samples.jsonl"
expect 0 mlocklab run --resume "$tmp/run"
says "boot 2 is made again: '$b2/samples.jsonl' has "
expect 0 mlocklab fsck "$tmp/run"
cmp "$b2/samples.jsonl" "$tmp/whole/boots/002/samples.jsonl" || die 'the boot that was made again differs'
cmp "$b1/boot.json" "$tmp/whole/boots/001/boot.json" || die 'a boot that fits was made again'
[ -s "$b2.unfit-1/samples.jsonl" ] || die 'what did not fit was not kept'

# and writes nowhere else
again
mv "$tmp/run/boots" "$tmp/elsewhere" && ln -s "$tmp/elsewhere" "$tmp/run/boots"
expect 2 mlocklab run --resume "$tmp/run"
says "'$tmp/run/boots' is no directory of the run"
again
ln -sf "$tmp/made-by-a-link" "$tmp/run/lock"
expect 2 mlocklab run --resume "$tmp/run"
[ ! -e "$tmp/made-by-a-link" ] || die 'a dangling lock was written through'

mlocklab fsck "$tmp/whole" >/dev/full 2>"$err"
same $? 2 'exit code of fsck on a full disk'
says 'cannot write standard output: No space left on device'
expect 2 mlocklab fsck
says 'name a stored run'
expect 2 mlocklab fsck "$tmp/none"
says "cannot open '$tmp/none/run.json'"

echo "$checks checks of a run that was tampered with"
