#include "runner/qemu/target.h"

#include <stdlib.h>
#include <string.h>

static const char *const kinds[] = {"icount", "tcg", "kvm", "host"};

/*
 * An old model, by its versioned name: it has no rdrand and rdseed, which are random, and no erms
 * and fsrm, under which icount counts a `rep stosb` an instruction a byte; and the kernel patches
 * itself alike whatever QEMU's version and the host's CPU are.
 */
#define CPU_MODEL "Nehalem-v1"

/* Any fixed date: under icount the guest's clock must not start at the host's. */
#define RTC_BASE "2024-01-01T00:00:00"

/* CPUs are pinned from outside (pin_vcpus). */
const char target_sandbox[] =
	"on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny";

const char *target_kind_name(enum target_kind kind)
{
	return kinds[kind];
}

int target_kind_parse(enum target_kind *kind, const char *name, struct err *err)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		if (strcmp(name, kinds[i]) == 0) {
			*kind = (enum target_kind)i;
			return 0;
		}
	}
	return err_set(err, "unknown target '%s': one of auto, icount, tcg, kvm, host", name);
}

/* Whether it is a KVM guest whose CPUs and memory have their places. */
static bool is_placed(const struct target *t)
{
	return t->kind == TARGET_KVM && t->place.cpus;
}

void target_release(struct target *t)
{
	place_release(&t->place);
	strv_release(&t->qemu);
	free(t->hugepages);
	free(t->qemu_version);
	*t = (struct target){0};
}

/*
 * The kernel's command line. nokaslr: symbols stay where System.map has them, and icount boots
 * stay repeatable. panic=-1 with -no-reboot: a panic ends QEMU at once. loglevel=5, where `quiet`
 * is 4: warnings and lockdep's reports are on the console, which a healthy boot writes three lines
 * to.
 */
static void target_cmdline(const struct target *t, const char *more, struct str *out)
{
	str_add(out, "console=ttyS0 loglevel=5 nokaslr panic=-1 rdinit=/init");
	/* A guest of emulated CPUs may be held up for long by its host: not a fault of the kernel.
	 */
	if (t->kind != TARGET_KVM)
		str_add(out, " nowatchdog");
	/* The clock is exact by construction, and a hypervisor's stolen time must not disqualify
	 * it. */
	str_add(out, " tsc=reliable");
	/* The self-tests of crypto are half of a boot under emulation, and no part of what is
	 * measured. */
	str_add(out, " cryptomgr.notests");
	/*
	 * To calibrate the local APIC's timer and to test the other one, a kernel spins for 200 ms
	 * of its clock in `pause`, at which QEMU leaves its translated code: half of a boot.
	 * Without, the HPET ticks. Several CPUs would have to pass its tick on.
	 */
	if (t->kind == TARGET_ICOUNT && t->cpus == 1)
		str_add(out, " noapictimer no_timer_check");
	if (*more)
		str_addf(out, " %s", more);
}

static void add_accel(const struct target *t, struct strv *a)
{
	strv_push(a, "-accel");
	switch (t->kind) {
	case TARGET_ICOUNT:
		strv_push(a, "tcg,thread=single");
		strv_push(a, "-icount");
		/*
		 * Recorded, though nobody replays it: else QEMU's main thread now and then sees the
		 * vCPU halted before what it ran is counted, and puts the clock off by as much.
		 * While it records, the two take turns (QEMU's docs/devel/replay.rst). It cannot
		 * record several vCPUs.
		 */
		strv_pushf(a, "shift=%d,sleep=off%s", t->icount_shift,
			   t->cpus == 1 ? ",rr=record,rrfile=/dev/null" : "");
		strv_push(a, "-rtc");
		strv_push(a, "clock=vm,base=" RTC_BASE);
		break;
	case TARGET_KVM:
		strv_push(a, "kvm");
		break;
	default:
		strv_push(a, "tcg,thread=multi");
		break;
	}
	if (t->kind != TARGET_ICOUNT) {
		/* names the vCPU threads, for place_pin() */
		strv_push(a, "-name");
		strv_push(a, "mlocklab,debug-threads=on");
	}
	strv_push(a, "-cpu");
	strv_push(a, t->kind == TARGET_KVM ? "host" : CPU_MODEL);
}

/* Memory of guest node n: of a KVM guest it lies on its host node, all of it before the guest
 * starts. */
static void add_memory(const struct target *t, int n, int mib, struct strv *a)
{
	struct str s = STR_INIT;

	str_addf(&s, "memory-backend-%s,id=m%d,size=%dM", t->hugepages ? "memfd" : "ram", n, mib);
	if (t->hugepages)
		str_addf(&s, ",hugetlb=on,hugetlbsize=%s", t->hugepages);
	if (is_placed(t))
		str_addf(&s, ",host-nodes=%d,policy=bind,prealloc=on", t->place.node[n]);
	strv_push(a, "-object");
	strv_push(a, s.buf);
	str_release(&s);
}

/* CPUs are dealt out evenly, the first nodes getting what is left over; a node may have none. */
static void add_numa(const struct target *t, int memory, struct strv *a)
{
	int cpu = 0;

	for (int n = 0; n < t->nodes; n++) {
		int cpus = t->cpus / t->nodes + (n < t->cpus % t->nodes);
		/* sizes are kept to multiples of 4 MiB, the difference goes to node 0 */
		int mib = memory / t->nodes / 4 * 4;

		if (n == 0)
			mib = memory - mib * (t->nodes - 1);
		add_memory(t, n, mib, a);
		strv_push(a, "-numa");
		if (cpus > 1)
			strv_pushf(a, "node,nodeid=%d,memdev=m%d,cpus=%d-%d", n, n, cpu,
				   cpu + cpus - 1);
		else if (cpus == 1)
			strv_pushf(a, "node,nodeid=%d,memdev=m%d,cpus=%d", n, n, cpu);
		else
			strv_pushf(a, "node,nodeid=%d,memdev=m%d", n, n);
		cpu += cpus;
	}
	for (int i = 0; i < t->nodes; i++) {
		for (int k = i + 1; k < t->nodes; k++) {
			strv_push(a, "-numa");
			strv_pushf(a, "dist,src=%d,dst=%d,val=20", i, k);
		}
	}
}

/* Appends KEY=PATH to an option's value, in which QEMU reads a comma where it is doubled. */
static void add_path(struct str *out, const char *key, const char *path)
{
	str_addf(out, "%s%s=", out->len ? "," : "", key);
	for (; *path; path++)
		str_addn(out, *path == ',' ? ",," : path, *path == ',' ? 2 : 1);
}

static void add_console(const char *path, struct strv *a)
{
	struct str s = STR_INIT;

	str_add(&s, "file,id=console");
	add_path(&s, "path", path);
	strv_push(a, s.buf);
	str_release(&s);
}

void target_plugin_option(const char *plugin, const char *symbols, const char *dir, struct str *out)
{
	char *file = xasprintf("%s/" PROFILE_FILE, dir);

	add_path(out, "file", plugin);
	add_path(out, "out", file);
	if (symbols)
		add_path(out, "symbols", symbols);
	free(file);
}

void target_argv(const struct target *t, const struct boot_files *f, unsigned long long layout,
		 struct strv *a)
{
	/* whole pages: where they are of 1 GiB, the size is no part of the layout */
	bool whole = t->hugepages && !strcmp(t->hugepages, "1G");
	int memory = t->memory_mib + (whole ? 0 : (int)(layout % 16) * 4);
	struct str cmdline = STR_INIT;

	/* from its first instruction on: memory that QEMU touches early is near then, too */
	if (t->place.cpus) {
		char *list = place_list(&t->place);

		strv_split(a, "taskset -c", " ");
		strv_push(a, list);
		free(list);
	}
	for (size_t i = 0; i < t->qemu.n; i++)
		strv_push(a, t->qemu.v[i]);
	/* acpi=on is needed for NUMA and for power-off; nothing else of a PC is */
	strv_split(a, "-nodefaults -no-user-config -display none -no-reboot -machine pc", " ");
	if (t->sandbox) {
		strv_push(a, "-sandbox");
		strv_push(a, target_sandbox);
	}
	add_accel(t, a);
	strv_push(a, "-smp");
	/* a socket a node, as such machines have it */
	if (is_placed(t) && t->cpus % t->nodes == 0)
		strv_pushf(a, "%d,sockets=%d,cores=%d,threads=1", t->cpus, t->nodes,
			   t->cpus / t->nodes);
	else
		strv_pushf(a, "%d", t->cpus);
	strv_push(a, "-m");
	strv_pushf(a, "%dM", memory);
	if (t->nodes > 1 || is_placed(t))
		add_numa(t, memory, a);
	strv_push(a, "-chardev");
	add_console(f->console, a);
	strv_split(a,
		   "-serial chardev:console -chardev stdio,id=records,signal=off -serial "
		   "chardev:records",
		   " ");
	strv_push(a, "-kernel");
	strv_push(a, f->image);
	strv_push(a, "-initrd");
	strv_push(a, f->initrd);
	strv_push(a, "-append");
	target_cmdline(t, f->cmdline, &cmdline);
	strv_push(a, str_text(&cmdline));
	if (f->plugin) {
		strv_push(a, "-plugin");
		strv_push(a, f->plugin);
	}
	str_release(&cmdline);
}
