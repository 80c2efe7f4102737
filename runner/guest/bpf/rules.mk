# The lock recorder in the kernel: built where clang, bpftool and libbpf are, left out elsewhere.
bpf_have := $(and $(shell command -v clang),$(shell PATH=$$PATH:/usr/sbin command -v bpftool),\
	$(wildcard /usr/include/bpf/bpf_helpers.h),$(wildcard /usr/include/bpf/libbpf.h))
ifneq ($(bpf_have),)
programs += $(B)/lock-bpf
all: $(B)/lock-bpf

# asm/types.h lies in the compiler's own directory, which clang does not look in for this target
bpf_include := -I/usr/include/$(shell $(CC) -print-multiarch)

$(B)/bpf/waits.bpf.o: runner/guest/bpf/waits.bpf.c runner/guest/bpf/waits.h
	@mkdir -p $(@D)
	$(Q)clang -target bpf -mcpu=v2 -O2 -g -Wall -Werror -I. $(bpf_include) -c -o $@ $<
$(B)/bpf/waits.skel.h: $(B)/bpf/waits.bpf.o
	$(Q)PATH=$$PATH:/usr/sbin bpftool gen skeleton $< name waits_bpf >$@
$(B)/lock-bpf: runner/guest/bpf/main.c runner/guest/bpf/waits.h $(B)/bpf/waits.skel.h
	$(Q)$(CC) $(warn) $(CFLAGS) -I. -I$(B)/bpf -static -o $@ $< -lbpf -lelf -lz
endif
