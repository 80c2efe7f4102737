#!/bin/sh
# Every reader of bytes from outside, fuzzed for a moment under the address and undefined-behaviour
# sanitizers: a fixed number of inputs from a fixed seed. `make fuzz` does the same for longer.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

command -v clang >/dev/null || skip 'no clang: the fuzz targets take its libFuzzer'

make -s -j2 fuzzers >"$out" 2>&1 || {
	tail -n 40 "$out"
	die 'the fuzz targets do not build'
}
tests/fuzz/run.sh build-fuzz -runs=2000
