#!/bin/sh
# Both kernels boot, and what the smallest experiment measures of them is plausible.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

run=$tmp/run
expect 0 mlocklab run configs/smoke.ini --pairs 1 --out "$run"
says '2 boots of 3 cells on icount'
same "$(cat "$out")" "$run" 'the last line printed'
same "$(member "$run/run.json" status)" complete 'status of the run'

# metric SAMPLES CELL NAME: the median of a cell's metric after warm-up, of three iterations or fewer
metric() {
	grep -F "\"cell\":\"$2\"" "$1" | grep -F '"warmup":false' |
		sed -n "s/.*\"metrics\":{[^}]*\"$3\":\([0-9]*\).*/\1/p" | sort -n | sed -n 2p
}

for n in 1 2; do
	same "$(outcome_of "$run" $n)" ok "boot $n"
	same "$(samples_of "$run" $n)" 9 "samples of boot $n"
	same "$(grep -c '"outcome":"ok"' "$run/boots/00$n/samples.jsonl")" 9 "good samples of boot $n"
	[ -e "$run/boots/00$n/console.log" ] || die "boot $n has no console"
	[ ! -e "$run/boots/00$n/initramfs.cpio" ] || die "boot $n left its initramfs"
done

case $(member "$run/boots/001/boot.json" arm) in
old) old=001 new=002 ;;
*) old=002 new=001 ;;
esac
grep -q '"release": "5\.10' "$run/boots/$old/boot.json" || die "the old arm is not 5.10"
grep -q '"release": "6\.1\.' "$run/boots/$new/boot.json" || die "the new arm is not 6.1"
grep -q '"idle": true' "$run/boots/$old/boot.json" || die "the old guest did not go idle"

mlocked='exit-mlocked/procs=16,size=2M,lock=mlock' control='exit-mlocked/procs=16,size=2M,lock=none'
figures="$(metric "$run/boots/$old/samples.jsonl" "$mlocked" exit)
$(metric "$run/boots/$new/samples.jsonl" "$mlocked" exit)
$(metric "$run/boots/$old/samples.jsonl" "$control" exit)
$(metric "$run/boots/$new/samples.jsonl" "$control" exit)"
# shellcheck disable=SC2086 # four numbers
set -- $figures
[ $# = 4 ] || die "figures are missing: $figures"
# The rework's gain is about fourfold at 32 processes and less with fewer; the control hardly moves.
awk -v o="$1" -v n="$2" -v co="$3" -v cn="$4" 'BEGIN {
	exit !(o > 1.8 * n && n > 50 && o < 20000 && co < 1.4 * cn && cn < 1.4 * co) }' ||
	die "implausible: mlocked $1 on 5.10, $2 on 6.1; control $3 and $4 instructions a page"

echo "5.10 to 6.1: mlocked $1 to $2, control $3 to $4 instructions a page"
