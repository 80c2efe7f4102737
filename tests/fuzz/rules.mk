# Fuzz targets: tests/fuzz/NAME.c with its seeds in tests/fuzz/seeds/NAME/. They take clang, whose
# libFuzzer and sanitizers they are linked with, and so they and all they use are built apart.
.PHONY: fuzz fuzzers
FUZZ_SECONDS ?= 60
fuzz_b := build-fuzz
fuzz_programs := $(patsubst tests/fuzz/%.c,$(fuzz_b)/%,$(wildcard tests/fuzz/*.c))
fuzz_flags := -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer-no-link,address,undefined,float-cast-overflow \
	-fno-sanitize-recover=all -Wno-missing-field-initializers

$(fuzz_b)/%: $(B)/tests/fuzz/%.o $(B)/guest.a $(B)/runner.a $(B)/analysis.a $(B)/lib.a
	$(Q)$(CC) $(CFLAGS) -fsanitize=fuzzer -o $@ $^ $(libs_runner) $(libs_analysis)

fuzzers:
	@$(MAKE) --no-print-directory B=$(fuzz_b) CC=clang CFLAGS='$(fuzz_flags)' $(fuzz_programs)

# Each target for FUZZ_SECONDS; F='record frame' only those. What is found stays in build-fuzz/found.
fuzz: need-test-deps fuzzers
	@tests/fuzz/run.sh $(fuzz_b) -max_total_time=$(FUZZ_SECONDS) $(F)
