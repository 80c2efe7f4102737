#!/bin/sh
# What a boot measured is brought to the disk once, before the boot.json that vouches for it, and not while
# its guest is listened to: a disk that is slow to sync would have the guest wait, and be measured waiting.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

command -v strace >/dev/null || skip 'needs strace'
strace -o /dev/null true 2>/dev/null || skip 'needs ptrace(2)'

{ small_experiment 'iterations=300' | sed '/^iterations=2$/d'; } >"$tmp/x.ini"
expect 0 strace -y -o "$tmp/trace" -e trace=read,write,fsync,fdatasync,rename "$libexec/mlocklab-run" "$tmp/x.ini" \
	--qemu tests/fake/qemu-fast --workers 1 --out "$tmp/run"

same "$(samples_of "$tmp/run" 1)" 900 'samples'
reads=$(grep -c '^read(.*"{\\"t\\"\|^read([0-9]*<pipe' "$tmp/trace")
[ "$reads" -ge 5 ] || die "the channel was read $reads times: it shows nothing"
for file in samples.jsonl events.jsonl; do
	same "$(grep -c "^\(fsync\|fdatasync\)(.*/boots/001/$file>" "$tmp/trace")" 1 "times that $file was synced"
	at=$(grep -n "^\(fsync\|fdatasync\)(.*/boots/001/$file>" "$tmp/trace" | cut -d : -f 1)
	last=$(grep -n "^write(.*/boots/001/$file>" "$tmp/trace" | tail -n 1 | cut -d : -f 1)
	named=$(grep -n '^rename(.*/boots/001/boot.json"' "$tmp/trace" | head -n 1 | cut -d : -f 1)
	[ "$last" -lt "$at" ] || die "$file was written to after it was synced"
	[ "$at" -lt "$named" ] || die "boot.json was there before $file was synced"
done

echo "$checks checks: 900 records in $reads reads of the channel, each file synced once"
