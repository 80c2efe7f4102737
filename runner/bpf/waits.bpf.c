/*
 * In the kernel: pairs entering and leaving the slow paths of read-write semaphores by thread, and
 * sends one record a wait. No sums are made here, for when a region was timed is known only after it.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "runner/bpf/waits.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, struct wait);
} waiting SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, RING_BYTES);
} ring SEC(".maps");

__u64 lost, unpaired;

static int enter(__u64 *ctx, __u64 write)
{
	__u32 thread = (__u32)bpf_get_current_pid_tgid();
	struct wait w = {.lock = ctx[0], .write = write};

	bpf_get_stack(ctx, w.chain, sizeof(w.chain), 0);
	if (bpf_map_lookup_elem(&waiting, &thread))
		__sync_fetch_and_add(&unpaired, 1);
	w.from = bpf_ktime_get_ns();
	if (bpf_map_update_elem(&waiting, &thread, &w, BPF_ANY))
		__sync_fetch_and_add(&lost, 1);
	return 0;
}

static int leave(__u64 write)
{
	__u32 thread = (__u32)bpf_get_current_pid_tgid();
	struct wait *w = bpf_map_lookup_elem(&waiting, &thread);
	/* whoever reads sleeps until there is much to read: waking it disturbs what is measured */
	__u64 flags = bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) > RING_BYTES / 2 ? BPF_RB_FORCE_WAKEUP
										    : BPF_RB_NO_WAKEUP;

	if (!w || w->write != write) {
		__sync_fetch_and_add(&unpaired, 1);
		return 0;
	}
	w->to = bpf_ktime_get_ns();
	if (bpf_ringbuf_output(&ring, w, sizeof(*w), flags))
		__sync_fetch_and_add(&lost, 1);
	bpf_map_delete_elem(&waiting, &thread);
	return 0;
}

SEC("fentry/rwsem_down_read_slowpath")
int enter_read(__u64 *ctx)
{
	return enter(ctx, 0);
}

SEC("fentry/rwsem_down_write_slowpath")
int enter_write(__u64 *ctx)
{
	return enter(ctx, 1);
}

SEC("fexit/rwsem_down_read_slowpath")
int leave_read(__u64 *ctx)
{
	(void)ctx;
	return leave(0);
}

SEC("fexit/rwsem_down_write_slowpath")
int leave_write(__u64 *ctx)
{
	(void)ctx;
	return leave(1);
}

char _license[] SEC("license") = "GPL";
