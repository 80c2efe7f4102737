/*
 * In the kernel: pairs entering and leaving the slow paths of read-write semaphores, and
 * exit_mmap(), by thread, and sends one record each. No sums are made here, for when a region was
 * timed is known only after it.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "runner/guest/bpf/waits.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u64);
	__type(value, struct wait);
} waiting SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_BYTES);
} ring SEC(".maps");

__u64 lost, unpaired;

/* A thread waits within exit_mmap(), but for one lock at a time. */
static __u64 key_of(__u32 thread, enum wait_kind kind)
{
	return (__u64)(kind == WAIT_EXIT) << 32 | thread;
}

static int enter(__u64 *ctx, enum wait_kind kind)
{
	__u32 thread = (__u32)bpf_get_current_pid_tgid();
	struct wait w = {.lock = ctx[0], .kind = kind, .thread = thread};
	__u64 key = key_of(thread, kind);

	if (kind != WAIT_EXIT)
		bpf_get_stack(ctx, w.chain, sizeof(w.chain), 0);
	if (bpf_map_lookup_elem(&waiting, &key))
		__sync_fetch_and_add(&unpaired, 1);
	w.from = bpf_ktime_get_ns();
	if (bpf_map_update_elem(&waiting, &key, &w, BPF_ANY))
		__sync_fetch_and_add(&lost, 1);
	return 0;
}

static int leave(enum wait_kind kind)
{
	__u64 key = key_of((__u32)bpf_get_current_pid_tgid(), kind);
	struct wait *w = bpf_map_lookup_elem(&waiting, &key);
	/* whoever reads sleeps until there is much to read: waking it disturbs what is measured */
	__u64 flags = bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) > RING_BYTES / 2
			      ? BPF_RB_FORCE_WAKEUP
			      : BPF_RB_NO_WAKEUP;

	if (!w || w->kind != kind) {
		__sync_fetch_and_add(&unpaired, 1);
		return 0;
	}
	w->to = bpf_ktime_get_ns();
	if (bpf_ringbuf_output(&ring, w, sizeof(*w), flags))
		__sync_fetch_and_add(&lost, 1);
	bpf_map_delete_elem(&waiting, &key);
	return 0;
}

SEC("fentry/rwsem_down_read_slowpath")
int enter_read(__u64 *ctx)
{
	return enter(ctx, WAIT_READ);
}

SEC("fentry/rwsem_down_write_slowpath")
int enter_write(__u64 *ctx)
{
	return enter(ctx, WAIT_WRITE);
}

SEC("fexit/rwsem_down_read_slowpath")
int leave_read(__u64 *ctx)
{
	(void)ctx;
	return leave(WAIT_READ);
}

SEC("fexit/rwsem_down_write_slowpath")
int leave_write(__u64 *ctx)
{
	(void)ctx;
	return leave(WAIT_WRITE);
}

SEC("fentry/exit_mmap")
int enter_exit(__u64 *ctx)
{
	return enter(ctx, WAIT_EXIT);
}

SEC("fexit/exit_mmap")
int leave_exit(__u64 *ctx)
{
	(void)ctx;
	return leave(WAIT_EXIT);
}

char _license[] SEC("license") = "GPL";
