#!/bin/sh
# A boot that is lost to something outside of its kernel is made again, three times at most and when the run is
# gone on with too; one that is missing in the end is said and makes the exit code.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

# for the stand-in, which reads the run it belongs to
chmod 711 "$tmp"

fake=tests/fake/qemu-killed
small_experiment >"$tmp/x.ini"

# Killed each time: four attempts, and no end without a word
KILLED=yes expect 2 mlocklab run "$tmp/x.ini" --qemu $fake --out "$tmp/killed"
says 'trying again (attempt 4)'
says '1 of 1 boots failed, and what they had not measured is missing'
says 'boots: 0 ok, 1 failed (made again: 3); cells: 0 of 2 measured'
same "$(outcome_of "$tmp/killed" 1)" died 'a QEMU that is killed'
same "$(member "$tmp/killed/boots/001/boot.json" signal)" 9 'the signal'
same "$(find "$tmp/killed/boots" -name '*.failed-*' | wc -l)" 3 'earlier attempts'
# It was tried often enough, and is missing still
expect 2 mlocklab run --resume "$tmp/killed" --qemu $fake
says '1 of 1 boots failed, and what they had not measured is missing'
# Where it was not, it is made again
rm -r "$tmp"/killed/boots/*.failed-*
expect 0 mlocklab run --resume "$tmp/killed" --qemu $fake
says 'boot 1 is made again: it was killed by signal 9'
says 'boots: 1 ok, 0 failed (made again: 1); cells: '
same "$(outcome_of "$tmp/killed" 1)" ok 'the boot that was made again'

# The attempt before it goes where the boot goes, as what its kernel complained of counts; that it is gone is told
expect 0 mlocklab run "$tmp/x.ini" --qemu $fake --reuse "only=$tmp/killed" --out "$tmp/taken"
cmp -s "$tmp/taken/boots/001/samples.jsonl" "$tmp/killed/boots/001/samples.jsonl" || die 'the boot is not taken'
same "$(member "$tmp/taken/boots/001.failed-1/boot.json" outcome)" died 'the attempt before a boot that was taken from another run'
expect 0 mlocklab fsck "$tmp/taken"
# one that was edited is noticed as a boot is, and --resume puts it aside
cp -a "$tmp/taken" "$tmp/edited"
sed -i 's/killed by signal 9/not killed at all/' "$tmp/edited/boots/001.failed-1/boot.json"
expect 1 mlocklab fsck "$tmp/edited"
grep -qF "'$tmp/edited/boots/001.failed-1/boot.json' was changed after it was stored" "$out" || die "fsck says: $(cat "$out")"
expect 2 mlocklab report "$tmp/edited"
says "'$tmp/edited/boots/001.failed-1/boot.json' was changed after it was stored"
expect 0 mlocklab run --resume "$tmp/edited" --qemu $fake
says "an attempt that failed is put aside: '$tmp/edited/boots/001.failed-1/boot.json' was changed"
[ -s "$tmp/edited/boots/001.unfit-1/boot.json" ] || die 'an attempt that was put aside is not kept'
expect 0 mlocklab report "$tmp/edited"
echo more >>"$tmp/taken/boots/001.failed-1/console.log"
expect 1 mlocklab fsck "$tmp/taken"
grep -qF "'$tmp/taken/boots/001.failed-1/console.log' has " "$out" || die "fsck says: $(cat "$out")"
rm -r "$tmp/taken/boots/001.failed-1"
expect 1 mlocklab fsck "$tmp/taken"
grep -qF "'$tmp/taken/boots/001.failed-1' is gone: 'boots/001' took 2 attempts" "$out" || die "fsck says: $(cat "$out")"
expect 0 mlocklab report "$tmp/taken"
grep -q '1 attempt that failed before boots went well is not kept' "$tmp/taken/report/report.md" ||
	die 'the report does not say that an attempt is gone'

# What ab and gate say of a run in which a boot is missing: "nothing got worse" holds of what is there only
sed 's/^pairs=.*/pairs=7/; s/^\[arm:only\]/[arm:old]/; $a [arm:new]\nkernel=debian:5.10' "$tmp/x.ini" >"$tmp/ab.ini"
expect 0 mlocklab ab --suite "$tmp/ab.ini" --qemu $fake --out "$tmp/whole"
KILLED=003 expect 2 mlocklab ab --suite "$tmp/ab.ini" --qemu $fake --out "$tmp/part"
says '1 of 14 boots failed, and what they had not measured is missing'
grep -q 'exit-mlocked' "$out" || die "what was measured is not compared: $(cat "$out")"
[ -s "$tmp/part/report/index.html" ] || die 'what was measured is not reported'
KILLED=003 expect 2 mlocklab ab --suite "$tmp/ab.ini" --strict --qemu $fake --out "$tmp/strict"
gate="--baseline $tmp/whole --arm old --kernel debian:6.1 --qemu $fake"
# shellcheck disable=SC2086 # words
expect 0 mlocklab gate $gate --pairs 8 --out "$tmp/gate"
# shellcheck disable=SC2086
KILLED=003 expect 125 mlocklab gate $gate --pairs 8 --out "$tmp/gate-part"
says "mlocklab gate: not judged: '$tmp/gate-part' is not whole, and nothing in it got worse"

# A run is measured again with the job files that it was measured with, wherever they are now
mkdir "$tmp/jobs" && cp configs/background/stream.fio "$tmp/jobs/"
sed '$a background=fio:jobs/stream.fio' "$tmp/x.ini" >"$tmp/background.ini"
expect 0 mlocklab run "$tmp/background.ini" --qemu $fake --out "$tmp/background"
rm -r "$tmp/jobs"
expect 0 mlocklab repeat "$tmp/background" --qemu $fake --out "$tmp/again"
job() {
	sed -n 's/^ *"jobs\/stream.fio": //p' "$1/run.json"
}
[ -n "$(job "$tmp/background")" ] || die "run.json holds no job file"
same "$(job "$tmp/again")" "$(job "$tmp/background")" 'the job file of what was measured again'
same "$(grep '"id": ' "$tmp/again/run.json")" "$(grep '"id": ' "$tmp/background/run.json")" 'its cells'

# A reason of QEMU's own will not go away
ABORTED=yes expect 2 mlocklab run "$tmp/x.ini" --qemu $fake --target tcg --out "$tmp/aborted"
same "$(outcome_of "$tmp/aborted" 1)" died 'a QEMU that gives up'
same "$(detail_of "$tmp/aborted" 1)" 'it was killed by signal 6: qemu: error: failed to set MSR 0x10a to 0x0' 'its reason'
same "$(find "$tmp/aborted/boots" -name '*.failed-*' | wc -l)" 0 'attempts before the last'

# A guest's clock that runs away from the host's; under icount it has nothing to do with it
FAST_CLOCK=yes expect 0 mlocklab run "$tmp/x.ini" --qemu tests/fake/qemu-fast --target tcg --out "$tmp/clock"
same "$(outcome_of "$tmp/clock" 1)" ok 'the boot after that'
same "$(member "$tmp/clock/boots/001.failed-1/boot.json" outcome)" clock 'a clock that is off'
member "$tmp/clock/boots/001.failed-1/boot.json" detail | grep -q "^the guest's clock went on by 3714.0 s in " ||
	die "its detail: $(member "$tmp/clock/boots/001.failed-1/boot.json" detail)"
same "$(member "$tmp/clock/boots/001.failed-1/boot.json" guest_seconds | cut -d. -f1)" 3714 'its seconds'
FAST_CLOCK=yes expect 0 mlocklab run "$tmp/x.ini" --qemu tests/fake/qemu-fast --out "$tmp/icount"
same "$(member "$tmp/icount/boots/001/boot.json" attempts)" 1 'attempts under icount'

# KVM that boots nothing is told of at once, once
expect 2 mlocklab run "$tmp/x.ini" --qemu $fake --target kvm --out "$tmp/kvm"
grep -q '^mlocklab run: KVM boots no guest here: .*; --target tcg and icount do without$' "$err" || die "it says: $(cat "$err")"
same "$(wc -l <"$err")" 1 'lines that it says'
[ ! -e "$tmp/kvm" ] || die 'it made a run'

echo "$checks checks"
