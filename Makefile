# mlocklab: `make ab` measures two kernels, `make check` tests the lab. README.md tells more.

CC ?= cc
CFLAGS ?= -O2 -g
PKG_CONFIG ?= pkg-config
xml_flags := $(shell $(PKG_CONFIG) --cflags libxml-2.0 2>/dev/null || echo -I/usr/include/libxml2)
B := build
# make V=1 shows the commands
Q = $(if $(V),,@echo '  $(@F)';)
VERSION := $(shell cat VERSION)

warn := -std=c11 -D_GNU_SOURCE -Wall -Wextra -Werror -Wno-error=deprecated-declarations
cflags = $(warn) $(CFLAGS) -I. -DMLOCKLAB_VERSION='"$(VERSION)"' -MMD -MP

libs_lib := -ljansson -linih -lz -lnettle
libs_runner := -larchive -lhwloc $(libs_lib)
libs_analysis := -lgsl -lgslcblas -lsqlite3 -lxml2 -lm $(libs_lib)

objs = $(patsubst %.c,$(B)/%.o,$(wildcard $(1)))
lib_o := $(call objs,lib/*.c)
workload_o := $(filter-out $(B)/workloads/main.o,$(call objs,workloads/*.c))
# Rooms that are no part of the runner's library: programs, what runs in a guest, and in QEMU
runner_apart := $(patsubst %,$(B)/runner/%,main/mlocklab.o verbs/% guest/% plugin/%)
runner_o := $(filter-out $(runner_apart),$(call objs,runner/*/*.c))
guest_o := $(filter-out $(B)/runner/guest/init.o,$(call objs,runner/guest/*.c))
analysis_o := $(filter-out $(B)/analysis/verbs/%,$(call objs,analysis/*/*.c))

# A verb is a program: runner/verbs/run.c and analysis/verbs/report.c become
# libexec/mlocklab-run and -report.
runner_verbs := $(patsubst runner/verbs/%.c,$(B)/libexec/mlocklab-%,$(wildcard runner/verbs/*.c))
analysis_verbs := $(patsubst analysis/verbs/%.c,$(B)/libexec/mlocklab-%,$(wildcard analysis/verbs/*.c))
unit_tests := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/*/*.c))

programs := mlocklab $(B)/mlockbench $(B)/guest-init $(runner_verbs) $(analysis_verbs)

.PHONY: all deps ab claims check bench clean unit
.SECONDARY:

all: need-deps $(programs)

# --- what the machine needs: runner/deps.sh knows the packages and how to ask for them ---
.PHONY: need-deps need-test-deps
# Only these goals install anything: they are what README tells to type first.
sets_up := $(filter ab check,$(MAKECMDGOALS))
need-deps:
	@./runner/deps.sh check || ./runner/deps.sh $(if $(sets_up),install,tell)
deps:
	@./runner/deps.sh install
need-test-deps:
	@./runner/deps.sh check tests || ./runner/deps.sh install tests

# Where libxml2 is used: its headers lie in a directory of their own.
$(B)/analysis/write/%.o $(B)/tests/%.o: cflags += $(xml_flags)
$(B)/%.o: %.c Makefile VERSION | need-deps
	@mkdir -p $(@D)
	$(Q)$(CC) $(cflags) -c -o $@ $<

$(B)/lib.a: $(lib_o)
	$(Q)rm -f $@; $(AR) rcs $@ $^
$(B)/workloads.a: $(workload_o)
	$(Q)rm -f $@; $(AR) rcs $@ $^
$(B)/runner.a: $(runner_o)
	$(Q)rm -f $@; $(AR) rcs $@ $^
$(B)/guest.a: $(guest_o)
	$(Q)rm -f $@; $(AR) rcs $@ $^
$(B)/analysis.a: $(analysis_o)
	$(Q)rm -f $@; $(AR) rcs $@ $^

mlocklab: $(B)/runner/main/mlocklab.o $(B)/runner.a $(B)/lib.a
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(libs_lib)

# Static: they run in a guest that holds nothing else, and on any machine.
$(B)/mlockbench: $(B)/workloads/main.o $(B)/workloads.a $(B)/lib.a
	$(Q)$(CC) $(CFLAGS) -static -o $@ $^ -ljansson -linih -lz -lm -lpthread
$(B)/guest-init: $(B)/runner/guest/init.o $(B)/guest.a $(B)/lib.a
	$(Q)$(CC) $(CFLAGS) -static -o $@ $^ -ljansson -linih -lz

$(runner_verbs): $(B)/libexec/mlocklab-%: $(B)/runner/verbs/%.o $(B)/runner.a $(B)/lib.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(libs_runner)
$(analysis_verbs): $(B)/libexec/mlocklab-%: $(B)/analysis/verbs/%.o $(B)/analysis.a $(B)/lib.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(libs_analysis)

-include runner/plugin/rules.mk
-include runner/guest/bpf/rules.mk
include install.mk
-include tests/fuzz/rules.mk

# A unit test may use everything; it sees each part through its header.
$(unit_tests): $(B)/unit/%: $(B)/tests/unit/%.o $(B)/workloads.a $(B)/guest.a $(B)/runner.a $(B)/analysis.a $(plugin_a) $(B)/lib.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(CFLAGS) -o $@ $^ -lcmocka $(libs_runner) $(libs_analysis)

# What tests use: a guest that means harm, one that has measured at once, a stored run made larger, what
# measures a command, workloads that something can be preloaded into, a clock that is stepped, memory that is
# short, and a QEMU that is held up.
test_programs := $(B)/hostile $(B)/stand-in $(B)/measured $(B)/enlarge $(B)/studies \
	$(B)/mlockbench-dynamic $(B)/clock-step.so $(B)/fail-alloc.so $(B)/late-halt.so
$(B)/hostile: $(B)/tests/guest/hostile.o $(B)/runner/kernels/bzimage.o $(B)/lib.a
	$(Q)$(CC) $(CFLAGS) -static -o $@ $^ -ljansson -linih -lz
$(B)/stand-in $(B)/enlarge: $(B)/%: $(B)/tests/tools/%.o $(B)/lib.a
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(libs_lib)
$(B)/mlockbench-dynamic: $(B)/workloads/main.o $(B)/workloads.a $(B)/lib.a
	$(Q)$(CC) $(CFLAGS) -o $@ $^ -ljansson -linih -lz -lm -lpthread
$(B)/measured: $(B)/tests/tools/measured.o
	$(Q)$(CC) $(CFLAGS) -o $@ $^
$(B)/studies: $(call objs,tests/statistics/*.c) $(B)/analysis.a $(B)/lib.a
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(libs_analysis)
$(B)/%.so: tests/tools/%.c
	$(Q)$(CC) $(cflags) -fPIC -shared -o $@ $<

unit: all $(unit_tests)
	@set -e; for t in $(unit_tests); do $$t; done

# Every test; T='e2e/smoke unit/frame' runs only those.
test_scripts := tests/includes.sh $(wildcard tests/e2e/*.sh)
pick = $(if $(T),$(foreach t,$(T),$(filter %/$(t).sh $(B)/$(t),$(1))),$(1))

# Another make, which sees what the first has installed: some programs are built only where it is there.
.PHONY: checked
check: need-test-deps
	@$(MAKE) --no-print-directory checked
checked: all $(unit_tests) $(test_programs)
	@tests/run.sh $(call pick,$(unit_tests) $(test_scripts))

# A run of 2000 boots and a million records is stored, listed and reported: minutes, and a gigabyte.
.PHONY: check-load
check-load: all $(test_programs)
	@LOGS=$(B)/logs-$@ PAIRS=1000 tests/run.sh tests/e2e/load.sh

# Thousands of experiments with known truth, judged by the code that judges runs: minutes of one core.
.PHONY: check-statistics
check-statistics: $(B)/studies
	@$(B)/studies

# What takes a machine of its own kind, made here: a cluster of Slurm; KVM and two nodes, emulated; one that GRUB starts.
.PHONY: check-slurm check-nested check-campaign
check-slurm check-nested check-campaign: check-%:
	@./runner/deps.sh check $* || ./runner/deps.sh install $*
	@$(MAKE) --no-print-directory all $(test_programs)
	@LOGS=$(B)/logs-$@ LIMIT=3000 tests/run.sh $(filter-out %/cluster.sh %/inside.sh %/image.sh %/prune.sh,$(wildcard tests/$*/*.sh))

# The runner killed, or refused, at every single system call of a run: hours.
.PHONY: check-crash
check-crash: all $(test_programs)
	@LOGS=$(B)/logs-$@ POINTS=0 LIMIT=86400 tests/run.sh tests/e2e/crash.sh

# Builds a kernel from source and uses it: minutes, and gigabytes of disk.
.PHONY: check-build need-build-deps
need-build-deps:
	@./runner/deps.sh check build || ./runner/deps.sh install build
check-build: need-build-deps all
	@LOGS=$(B)/logs-$@ tests/run.sh $(wildcard tests/build/*.sh)

# A series of patches on a real kernel's source: minutes, and gigabytes of disk.
.PHONY: check-series
check-series: need-build-deps all
	@LOGS=$(B)/logs-$@ LIMIT=7200 tests/run.sh $(wildcard tests/series/*.sh)

# The host's programs and the unit tests again under sanitizers. What runs in a guest is static, which
# they do not support, and stays that of build/.
.PHONY: check-asan sanitized check-valgrind
sanitize := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	-Wno-error=maybe-uninitialized -Wno-error=format-truncation
check-asan: all $(test_programs)
	$(MAKE) B=build-asan CFLAGS='$(sanitize)' sanitized
	$(MAKE) check-valgrind
sanitized: $(runner_verbs) $(analysis_verbs) $(unit_tests)
	@MLOCKLAB_LIBEXEC=$(B)/libexec tests/run.sh $(call pick,$(unit_tests) $(test_scripts))

# And as they are built, under valgrind, which alone sees memory that was never written. workloads/harness
# counts page faults, of which there are more then. Of the whole programs those tests that ask for no jail
# (valgrind does not know mount_setattr, and nobody may write its files) and no other user.
valgrind_scripts := $(patsubst %,tests/e2e/%.sh,fsck gate history ktap report screen smoke statistics)
under_valgrind := $(patsubst $(B)/%,$(B)/valgrind/%,$(runner_verbs) $(analysis_verbs) \
	$(filter-out %/workloads/harness,$(unit_tests)))
$(under_valgrind): tests/under-valgrind.sh
	@mkdir -p $(@D) && ln -sf $(abspath $<) $@
check-valgrind: all $(unit_tests) $(under_valgrind)
	@rm -rf $(B)/valgrind/log && mkdir -p -m 1777 $(B)/valgrind/log
	@MLOCKLAB_LIBEXEC=$(B)/valgrind/libexec tests/run.sh \
		$(call pick,$(filter $(B)/valgrind/unit/%,$(under_valgrind)) \
		$(valgrind_scripts))
	@! cat $(B)/valgrind/log/* | grep .

# Static checks: the order of rooms, the form of the code, what two analysers and shellcheck find. A newer
# clang-format breaks lines elsewhere: 14 is Debian 12's.
CLANG_FORMAT ?= clang-format-14
c_files = $(shell find lib workloads runner analysis tests -name '*.[ch]')
.PHONY: lint format need-lint-deps
need-lint-deps:
	@./runner/deps.sh check lint || ./runner/deps.sh install lint
format: need-lint-deps
	$(CLANG_FORMAT) -i $(c_files)
# varFuncNullUB: NULL is a pointer here, and the compiler sees to it that lists end with one (sentinel).
lint: need-lint-deps all
	tests/includes.sh
	$(CLANG_FORMAT) --dry-run --Werror $(c_files)
	! for f in $(c_files); do expand $$f | grep -nH --label=$$f '.\{101\}'; done | grep .
	cppcheck --quiet --error-exitcode=1 --std=c11 --language=c --inline-suppr -j 2 -I. -D_GNU_SOURCE \
		-DMLOCKLAB_VERSION='"$(VERSION)"' --enable=warning,performance,portability \
		--include=tests/cppcheck.h \
		--suppress=missingIncludeSystem --suppress=identicalInnerCondition --suppress=varFuncNullUB -i runner/guest/bpf/waits.bpf.c \
		lib runner workloads analysis
	printf '%s\n' $(filter-out lib/err.c runner/guest/bpf/%,$(wildcard lib/*.c workloads/*.c runner/*/*.c \
		analysis/*/*.c)) | xargs -P 2 -I FILE clang-tidy --quiet FILE -- -std=c11 -D_GNU_SOURCE -I. $(xml_flags) \
		-DMLOCKLAB_VERSION='"$(VERSION)"' -DPLUGIN_API=2 -include tests/tidy.h
	shellcheck -S warning runner/*.sh runner/main/*.bash tests/*.sh tests/e2e/*.sh tests/fake/*

# Exit code 1 of ab says that a figure got worse: an answer, not a failure to give one.
ab: all
	@./mlocklab ab --old debian:5.10 --new debian:6.1 || [ $$? -eq 1 ]

# Ten kernels, and where cost changed between them; a boot that failed leaves a gap, not an end.
.PHONY: timeline
timeline: all
	@run=$$(./mlocklab run configs/releases.ini | tail -n 1); [ -n "$$run" ] && mkdir -p "$$run/report" && \
		./mlocklab timeline --html "$$run/report/timeline.html" "$$run" && \
		echo "$$run/report/timeline.html"

# What the lab itself costs, beside what it is measured against.
$(B)/bench-boot: $(B)/tests/bench/bench-boot.o $(B)/runner.a $(B)/lib.a
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(libs_runner)
$(B)/bare-init: $(B)/tests/bench/bare-init.o
	$(Q)$(CC) $(CFLAGS) -static -o $@ $^
bench: all $(B)/bench-boot $(B)/bare-init
	@tests/bench/bench.sh $(B)/bench-boot $(B)/bare-init

# The ledger: every claim of the munlock rework and of older changes, judged on two kernels.
# Instructions first, whole and by function, then what takes contention, on several CPUs.
claims: all
	@r=$$(./mlocklab run configs/munlock.ini) && f=$$(./mlocklab run configs/munlock-functions.ini) && \
		t=$$(./mlocklab run configs/munlock-tcg.ini) && ./mlocklab claims $$r $$f $$t && ./mlocklab report $$r

clean:
	rm -rf $(B) build-asan $(fuzz_b) mlocklab

-include $(shell find $(B) -name '*.d' 2>/dev/null)
