#!/bin/sh
# Builds Debian's 6.1 with statistics of locks, which takes minutes, and ranks locks with it. Not part of
# `make check`: `make check-build` runs it.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

expect 0 mlocklab kernels build --fragment configs/kernel/lockstat.config debian-source:6.1
spec=$(cat "$out")
cat >"$tmp/e.ini" <<EOF
[global]
target=tcg
cpus=4
memory=1024
pairs=1
iterations=4
locks=lockstat
[arm:built]
kernel=$spec
[exit]
workload=exit-mlocked
procs=16
size=4M
EOF
expect 0 mlocklab run "$tmp/e.ini" --out "$tmp/run"
expect 0 mlocklab locks --format json "$tmp/run"
grep -q '"class": "&mapping->i_mmap_rwsem"' "$out" || die 'no waiting for i_mmap_rwsem was ranked'
expect 0 mlocklab locks "$tmp/run"
cat "$out"
echo "$checks checks"
