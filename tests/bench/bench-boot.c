/*
 * bench-boot KERNEL BARE_INIT ROUNDS: the lab's boot beside a bare one of the same kernel, in turn.
 *
 * Bare: QEMU with the same machine and accelerator, a kernel and an init that powers off at once,
 * from its start to its end. Ours: from QEMU's start to PID 1's first message. Prints each round's
 * seconds and the median ratio; a shared machine's noise falls on both alike.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/spawn.h"
#include "runner/boot/boot.h"
#include "runner/boot/initramfs.h"
#include "lib/paths.h"
#include "runner/kernels/resolve.h"
#include "runner/qemu/find.h"

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const struct err *err)
{
	fprintf(stderr, "bench-boot: %s\n", err->text);
	exit(EXIT_USAGE);
}

static double bare_boot(const struct target *t, const struct kernel *k, const char *init,
			const char *dir)
{
	static const char rest[] =
		"-nodefaults -display none -no-reboot -machine pc -accel "
		"tcg,thread=single -icount shift=0,sleep=off -cpu Nehalem-v1 -smp 1 -m 2048M "
		"-serial null";
	struct initramfs_file file = {"init", init, NULL, 0755};
	char *initrd = xasprintf("%s/bare.cpio", dir);
	struct strv argv = STRV_INIT;
	struct err err;
	double start;

	if (initramfs_write(initrd, &file, 1, &err) < 0)
		die(&err);
	for (size_t i = 0; i < t->qemu.n; i++)
		strv_push(&argv, t->qemu.v[i]);
	strv_split(&argv, rest, " ");
	strv_push(&argv, "-kernel");
	strv_push(&argv, k->image);
	strv_push(&argv, "-initrd");
	strv_push(&argv, initrd);
	strv_push(&argv, "-append");
	strv_push(&argv, "console=ttyS0 loglevel=5 panic=-1");
	start = now();
	if (spawn_run(argv.v, &err) < 0)
		die(&err);
	start = now() - start;
	strv_release(&argv);
	free(initrd);
	return start;
}

static double our_boot(const struct target *t, const struct kernel *k, const char *dir)
{
	char *bench = paths_program("mlockbench"), *init = paths_program("guest-init");
	struct experiment e = {.timeout = 60, .watchdog = 600};
	struct arm arm = {.name = (char *)"bench", .spec = k->spec, .cmdline = (char *)""};
	struct planned_boot planned = {.n = 1};
	struct boot_job job = {.e = &e,
			       .target = t,
			       .planned = &planned,
			       .kernel = k,
			       .cmdline = "",
			       .bench = bench,
			       .init = init};
	double start = now(), ready = 0;
	struct boot b;
	struct err err;

	e.arms = &arm;
	e.narms = 1;
	if (boot_start(&b, &job, xstrdup(dir), &err) < 0)
		die(&err);
	while (b.fd >= 0) {
		struct pollfd p = {.fd = b.fd, .events = POLLIN};

		poll(&p, 1, -1);
		boot_pump(&b);
		if (b.hello && ready == 0)
			ready = now() - start;
	}
	if (boot_finish(&b, &err) < 0)
		die(&err);
	boot_release(&b);
	free(bench);
	free(init);
	return ready;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	char *cache = paths_cache(), *config = paths_config("kernel/debian.ini");
	struct kernel_opts opts = {.cache = cache, .config = config};
	struct target t = {.kind = TARGET_ICOUNT, .cpus = 1, .nodes = 2, .memory_mib = 2048};
	char dir[] = "/tmp/mlocklab-bench-XXXXXX";
	int rounds = argc == 4 ? atoi(argv[3]) : 0;
	double *ratio = xcalloc((size_t)rounds + 1, sizeof(*ratio));
	struct kernel k;
	struct err err;

	if (rounds < 1) {
		fputs("usage: bench-boot KERNEL BARE_INIT ROUNDS\n", stderr);
		return EXIT_USAGE;
	}
	if (!mkdtemp(dir) || kernel_resolve(&k, argv[1], &opts, &err) < 0 ||
	    qemu_find(&t, NULL, &err) < 0)
		die(&err);
	for (int i = 0; i < rounds; i++) {
		/* which goes first changes, so that a drift falls on both */
		double ours = i % 2 ? our_boot(&t, &k, dir) : 0;
		double bare = bare_boot(&t, &k, argv[2], dir);

		if (ours == 0)
			ours = our_boot(&t, &k, dir);
		ratio[i] = ours / bare;
		printf("%s: ours ready after %.2f s, bare boot %.2f s, ratio %.2f\n", argv[1], ours,
		       bare, ratio[i]);
		fflush(stdout);
	}
	qsort(ratio, (size_t)rounds, sizeof(*ratio), by_value);
	printf("%s: median ratio %.2f of %d rounds (goal: at most 1.2)\n", argv[1],
	       (ratio[(rounds - 1) / 2] + ratio[rounds / 2]) / 2, rounds);
	fs_remove_tree(dir, &err);
	target_release(&t);
	kernel_release(&k);
	free(ratio);
	free(cache);
	free(config);
	return EXIT_OK;
}
