#!/bin/sh
# Multi-threaded emulation: four CPUs on two nodes boot, and processes that exit are measured.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

cat >"$tmp/x.ini" <<'EOF'
[global]
target=tcg
pairs=1
iterations=3
warmup=1
memory=1024
[arm:old]
kernel=debian:5.10
[arm:new]
kernel=debian:6.1
[exit]
workload=exit-mlocked
procs=8
size=1M
lock=mlock,none
EOF
expect 0 mlocklab run "$tmp/x.ini" --out "$tmp/run"
for n in 1 2; do
	boot=$tmp/run/boots/00$n
	same "$(outcome_of "$tmp/run" $n)" ok "boot $n"
	same "$(samples_of "$tmp/run" $n)" 8 "samples of boot $n"
	same "$(grep -c '"outcome":"ok"' "$boot/samples.jsonl")" 8 "good samples of boot $n"
	same "$(sed -n '/"guest"/,/}/s/^ *"cpus": \([0-9]*\),$/\1/p' "$boot/boot.json")" 4 "CPUs of boot $n"
	same "$(sed -n '/"guest"/,/}/s/^ *"nodes": \([0-9]*\),$/\1/p' "$boot/boot.json")" 2 "nodes of boot $n"
	grep -q -- '-accel tcg,thread=multi' "$boot/boot.json" || die "boot $n was not multi-threaded"
done
grep -q '"latency_ns":\[[0-9]*,' "$tmp/run/boots/001/samples.jsonl" || die 'no latencies of the processes'
! grep -q ns_per_insn "$tmp/run/run.json" || die 'times are called instructions'

echo "$checks checks"
