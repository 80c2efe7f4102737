#!/bin/sh
# Kernels boot, and on each of them every workload gives a plausible figure and moves its mechanism's
# counter. KERNELS='6.1 7.1' tests/e2e/workloads.sh asks others; what one lacks is skipped with a reason.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

kernels=${KERNELS:-5.10 6.1 6.12 7.2}
bench=build/mlockbench

# workload and parameters | metric, least, most | counter (a metric or of /proc/vmstat), least, most,
# and where kernels before 5.18 do otherwise: | their metric | their counter
cat >"$tmp/rows" <<'EOF'
exit-mlocked procs=4 size=1M lock=mlock | exit 300 20000 | unevictable_pgs_mlocked 0 0 | exit 300 20000 | unevictable_pgs_mlocked 700 768
exit-mlocked procs=9 size=256K lockers=1 kill=munmap lock=mlock | exit 500 3000 | nr_mlock -64 -64 | exit 3000 6000 | nr_mlock -64 -64
exit-mlocked procs=9 size=256K lockers=1 kill=munmap lock=none | exit 300 2000 | nr_mlock 0 0
mlockall-fault mode=populate memory=shmem size=1M mglru=off | fault 500 20000 | nr_mlock 0 0
mlock-onfault-prefaulted size=1M lock=mlock | uncounted 0 0 | unevictable_pgs_mlocked 256 256
migrate-mlocked memory=shmem procs=2 size=1M lock=mlock | migrate 3000 50000 | pgmigrate_success 512 512
mlockall-fault mode=future size=1M | fault 500 20000 | unevictable_pgs_mlocked 256 256
mlockall-fault mode=onfault size=1M | uncounted 0 0 | nr_mlock 256 256
mlockall-fault mode=none size=1M | fault 500 20000 | nr_mlock 0 0
mlockall-start maps=32 size=1M shared=1M stack=64K mode=current | start 500 50000 | locked 576 1200
mlockall-start maps=32 size=1M shared=1M stack=64K mode=future | locked 576 576 | nr_mlock 576 576
mlockall-start maps=32 size=1M shared=1M stack=64K mode=onfault | locked 516 530 | nr_mlock 516 530 | locked 260 300 | nr_mlock 260 300
mlockall-start maps=32 size=1M shared=1M stack=64K mode=none | start 500 50000 | nr_mlock 0 0
mlock-toggle size=1M lock=mlock | toggle 300 20000 | unevictable_pgs_mlocked 256 256
mlock-toggle size=1M lock=none | toggle 1 2000 | unevictable_pgs_mlocked 0 0
mlock-toggle size=4K chunk=4K rounds=64 lock=mlock | toggle 1000 50000 | unevictable_pgs_munlocked 64 64
mlock-toggle memory=shmem procs=2 size=1M lock=mlock | toggle 300 20000 | unevictable_pgs_munlocked 256 512
mlock-toggle memory=shmem procs=2 size=1M lock=none | toggle 1 2000 | faults 0 0
munlockall-sparse size=64M pages=16 lock=mlock | munlockall 10000 50000000 | unevictable_pgs_munlocked 16 16
munlockall-sparse size=64M pages=16 lock=none | munlockall 100 50000 | unevictable_pgs_munlocked 0 0
mlock-onfault-prefaulted size=1M lock=onfault | mlock2 100 20000 | unevictable_pgs_mlocked 256 256
mlock-onfault-prefaulted size=1M memory=shmem lock=onfault | uncounted 0 0 | unevictable_pgs_mlocked 256 256
secret-fault size=1M memory=secret | fault 500 50000 | nr_unevictable 256 256
secret-fault size=1M memory=shmem | fault 500 50000 | nr_unevictable 0 0
mlocked-accuracy procs=4 size=256K disturb=none lock=mlock | error 0 0 | nr_mlock 0 0
mlocked-accuracy procs=4 size=256K disturb=migrate lock=mlock | error 0 0 | pgmigrate_success 64 64
mlocked-accuracy procs=4 size=256K disturb=pin lock=mlock | worst 0 64 | pgmigrate_fail 64 64
mlocked-accuracy procs=2 size=1M fill=sparse ahead=0 lock=future | error 0 0 | nr_mlock -256 256
mlocked-accuracy procs=2 size=1M fill=sparse ahead=12 lock=future | error 90 210 | nr_mlock -256 256 | error 0 0 | nr_mlock -256 256
mlocked-accuracy procs=2 size=1M fill=sparse ahead=12 lock=mlock | error 0 0 | nr_mlock -256 256
mlocked-accuracy procs=2 size=1M fill=sparse start=together lock=none | error 0 0 | nr_mlock 0 0
lru-add size=2M | fault 500 20000 | minflt 512 512 | fault 500 20000 | minflt 512 514
lru-add memory=shmem size=2M | fault 500 30000 | faults 512 512 | fault 500 30000 | faults 512 514
truncate-mlocked-cow size=1M lock=mlock | truncate 500 20000 | unevictable_pgs_munlocked 256 256 | truncate 500 20000 | unevictable_pgs_cleared 256 256
reclaim-mlocked room=8M locked=50 | scan 1 2 | stolen 3800 4600
oom-reap-mlocked size=4M exit=free lock=mlock | freed 500 50000 | unevictable_pgs_munlocked 1024 1024
oom-reap-mlocked size=4M exit=held lock=mlock | reaped 0.9 1 | unevictable_pgs_munlocked 1024 1024 | reaped 0.01 0.5 | unevictable_pgs_munlocked 0 0
collapse-mlocked procs=2 huge=1 how=khugepaged lock=mlock | collapse 1000000 50000000 | thp_collapse_alloc 1 1
collapse-mlocked procs=2 huge=1 how=madvise lock=mlock | collapse 500000 50000000 | thp_collapse_alloc 1 1
reclaim-mlocked-thp huge=2 stream=8M lock=mlock | splits 0 0 | pswpout 500 3000 | splits 1 4 | pswpout 500 3000
reclaim-mlocked-thp huge=2 stream=8M lock=none | splits 1 4 | thp_split_pmd 2 8
reclaim-mlocked-thp huge=2 stream=8M memory=shmem lock=mlock | splits 0 0 | thp_split_page 0 0 | splits 1 4 | thp_split_page 2 8
reclaim-mlocked-thp huge=2 stream=8M memory=shmem lock=none | splits 0.5 4 | counted 0 0
swapoff procs=2 size=1M | swapoff 1000 50000 | pswpin 490 520
swapoff procs=2 size=1M memory=shmem | swapoff 1000 50000 | pswpin 490 520
shm-swap size=1M | cycle 3000 100000 | pswpout 250 260
anon-fork vmas=32 children=4 | time 1000 100000 | minflt 128 1000
anon-fork vmas=32 children=4 shape=deep | time 1000 100000 | minflt 128 1000
anon-fork vmas=32 children=4 act=pageout | time 1000 100000 | pswpout 32 32
rt-fault size=4M compactions=2 | moved 0 1 | nr_mlock 0 0
rt-fault size=4M compactions=2 allowed=0 | moved 0 0 | nr_mlock 0 0
memcg-locked size=1M lock=mlock | short 0 0 | nr_mlock 256 256 | short 0 63 | nr_mlock 256 256
memcg-locked size=1M lock=none | settled 0 0 | nr_mlock 0 0
populate size=1M how=mlock | populate 500 20000 | unevictable_pgs_mlocked 256 256
populate size=1M memory=shmem how=mlock | populate 500 30000 | unevictable_pgs_mlocked 256 256
populate size=1M how=madvise | populate 500 20000 | nr_mlock 0 0
populate size=1M how=touch | populate 500 20000 | nr_mlock 0 0
fork-mlocked size=1M lock=mlock | write 500 20000 | nr_mlock 0 0
fork-mlocked size=1M lock=onfault | error 0 0 | minflt 256 300
fork-mlocked size=1M lock=none | error 0 0 | minflt 256 300
mlock-folios size=4M | short 0 512 | unevictable_pgs_mlocked 1024 1024
mlock-folios size=4M memory=shmem | short 0 512 | unevictable_pgs_mlocked 1024 1024
mlock-folios size=2M | unmap 10 20000 | unevictable_pgs_mlocked 512 512
mlock-folios size=4M folio=4K memory=shmem | short 0 0 | unevictable_pgs_mlocked 1024 1024
mlock-folios size=4M folio=4K | short 0 0 | unevictable_pgs_mlocked 1024 1024
userfault size=1M | fault 1000 200000 | nr_mlock 256 256
userfault size=1M lock=mlock | uncounted 0 0 | nr_mlock 256 256
userfault size=1M by=zero | uncounted 0 0 | nr_mlock 256 256
userfault size=1M lock=none | uncounted 0 0 | nr_mlock 0 0
userfault size=1M memory=shmem | uncounted 0 0 | nr_mlock 256 256 | uncounted 256 256 | nr_mlock 0 0
userfault size=1M memory=shmem by=zero | uncounted 0 0 | nr_mlock 256 256 | uncounted 256 256 | nr_mlock 0 0
userfault size=1M memory=shmem by=continue | uncounted 0 0 | nr_mlock 256 256
pin-mlocked size=1M | pinned 256 256 | unevictable_pgs_munlocked 256 256
pin-mlocked size=1M end=munmap | error 0 0 | unevictable_pgs_munlocked 256 256
pin-mlocked size=1M lock=none | pinned 256 256 | unevictable_pgs_munlocked 0 0
qemu-mlocked size=16M | run 1000 1000000 | unevictable_pgs_mlocked 4096 60000
qemu-mlocked size=16M lock=none | run 1000 1000000 | unevictable_pgs_mlocked 0 44
migrate-hugetlb moves=4 race=none | move 10000 5000000 | moved 1 1
migrate-hugetlb moves=4 memory=shared race=unmap | moved 1 1 | pgmigrate_success 8 4096
i-mmap-churn procs=2 act=map rounds=32 | op 1000 100000 | nr_mlock 0 0
i-mmap-churn procs=2 act=fork rounds=16 | op 10000 2000000 | minflt 32 100000
i-mmap-churn procs=2 act=exec rounds=16 | op 10000 2000000 | nr_mlock 0 0
i-mmap-churn procs=2 act=exec rounds=16 file=own | op 10000 2000000 | nr_mlock 0 0
hugetlb-fault-fork procs=2 forkers=1 pages=4 rounds=16 | fault 500 100000 | minflt 128 128
hugetlb-fault-fork procs=2 forkers=0 pages=4 rounds=16 | fault 500 100000 | minflt 128 128
EOF
if command -v stress-ng >/dev/null && command -v fio >/dev/null; then
	cat >>"$tmp/rows" <<'EOF'
exit-mlocked procs=2 size=1M background=fio:stream.fio | exit 300 20000 | unevictable_pgs_munlocked 256 600
stress-ng stressor=remap ops=1 | op 1000000 1000000000 | unevictable_pgs_mlocked 512 100000
stress-ng stressor=mlock ops=1 | op 100000 1000000000 | unevictable_pgs_mlocked 1 1000000
stress-ng stressor=mlockmany ops=1 | op 100000 1000000000 | unevictable_pgs_mlocked 4000 40000
fio size=1M lock=mlock | io 500 100000 | unevictable_pgs_mlocked 256 300
fio size=1M lock=none | io 500 100000 | unevictable_pgs_mlocked 0 44
EOF
fi
if command -v cyclictest >/dev/null; then
	cat >>"$tmp/rows" <<'EOF'
cyclictest loops=200 | p50 1000 10000000 | unevictable_pgs_mlocked 64 60000
cyclictest loops=200 lock=none | max 1000 100000000 | unevictable_pgs_mlocked 0 44
EOF
fi

{
	printf '[global]\ntarget=icount\npairs=1\niterations=1\nwarmup=0\n'
	for k in $kernels; do
		printf '[arm:%s]\nkernel=debian:%s\ncmdline=secretmem.enable=1\n' "$k" "$k"
	done
	n=0
	while read -r words; do
		n=$((n + 1))
		printf '[row-%d]\nworkload=%s\n' "$n" "${words%% *}"
		echo "${words%%|*}" | tr ' ' '\n' | sed -n '2,$ { /=/p }'
	done <"$tmp/rows"
} >"$tmp/x.ini"
cp configs/background/stream.fio "$tmp/stream.fio"
expect 0 mlocklab run "$tmp/x.ini" --out "$tmp/run"

# value NAME: the number behind a name in $line
value() {
	echo "$line" | sed -n "s/.*\"$1\":\(-\{0,1\}[0-9.][0-9.e+-]*\).*/\1/p"
}

# between NAME LEAST MOST
between() {
	v=$(value "$1")
	[ "$1" = faults ] && v=$(($(value minflt) + $(value majflt)))
	awk -v v="${v:-nan}" -v a="$2" -v b="$3" 'BEGIN { exit !(v + 0 >= a && v + 0 <= b && v != "nan") }' ||
		die "$id: $1 is ${v:-missing}, not between $2 and $3"
	checks=$((checks + 1))
}

# check_row BOOT KERNEL: what a kernel says of the row in $words, $metric and so on
check_row() {
	case $2 in
	5.*) metric=${old_metric:-$metric} counter=${old_counter:-$counter} ;;
	esac
	# shellcheck disable=SC2086 # words
	cell=$("$bench" cell $words | sed -n 's/^{"id":"\([^"]*\)".*/\1/p')
	id="$2 $cell"
	line=$(grep -F "\"cell\":\"$cell\"" "$tmp/run/boots/$1/samples.jsonl" | tail -n 1)
	case $line in
	*'"outcome":"ok"'*)
		# shellcheck disable=SC2086 # name, least, most
		between $metric
		# shellcheck disable=SC2086
		between $counter
		;;
	*'"outcome":"skip","reason":"'[!\"]*) skipped=$((skipped + 1)) ;;
	*) die "$id: ${line:-no record of it}" ;;
	esac
}

all_skipped=0
for n in $(seq "$(echo "$kernels" | wc -w)"); do
	boot=$(printf %03d "$n")
	arm=$(member "$tmp/run/boots/$boot/boot.json" arm)
	same "$(outcome_of "$tmp/run" "$n")" ok "the boot of $arm"
	same "$(detail_of "$tmp/run" "$n")" '' "what the console of $arm holds"
	skipped=0
	while IFS='|' read -r words metric counter old_metric old_counter; do
		check_row "$boot" "$arm"
	done <"$tmp/rows"
	case $arm in
	5.10) same "$skipped" 7 'skipped workloads: 5.10 has no MADV_COLLAPSE, MADV_POPULATE, memfd_secret, minor faults of shmem and large folios' ;;
	6.1) same "$skipped" 3 'skipped workloads: 6.1 has no large folios of anonymous memory and shmem' ;;
	6.12 | 7.2) same "$skipped" 0 "skipped workloads, of which $arm needs none" ;;
	esac
	all_skipped=$((all_skipped + skipped))
done
grep -qF 'Jobs: 1' "$tmp/run/boots/001/console.log" || die 'the stream of the background is not on the console'

# Whatever the ledger asks for is a cell that there is.
cat configs/claims/*.ini | sed -n 's/^workload=//p' >"$tmp/workloads"
while read -r words; do
	# shellcheck disable=SC2086 # words
	expect 0 "$bench" cell $words
done <"$tmp/workloads"

# And every claim has its row in the ledger in docs/claims.md, with what each kernel says to it.
cat configs/claims/*.ini | sed -n 's/^claim=//p' | sed 's/[|*_`#\\]/\\&/g; s/\[/\\[/g; s/\]/\\]/g' >"$tmp/claims"
while read -r claim; do
	grep -F "| $claim " docs/claims.md | grep -q -E '(holds|does not hold|no difference|inconclusive|not testable here)' ||
		die "the ledger in docs/claims.md has no verdict on: $claim"
	checks=$((checks + 1))
done <"$tmp/claims"

echo "$checks checks on $kernels, $all_skipped skipped"
