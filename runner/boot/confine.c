/* What QEMU may not do while it runs a guest. */
#include "runner/boot/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/fs.h"

#define MIB (1ull << 20)

/* Beside the guest's memory: QEMU itself, its libraries, and the code it translates (at most 1
 * GiB). */
#define QEMU_BYTES (4096 * MIB)
/* Of each vCPU's thread: its stack, and what malloc(3) reserves for it. */
#define VCPU_BYTES (128 * MIB)
/* The profiler's tree of calls */
#define PROFILER_BYTES (8192 * MIB)

/* The runner ends a guest whose console goes over 64 MiB; this is for when it does not get to it.
 */
#define FILE_BYTES (256 * MIB)

/* Paths in a word, also "A:B" and "NAME=A". */
static void add_paths(struct strv *reads, const char *word)
{
	struct strv pieces = STRV_INIT;

	strv_split(&pieces, word, ":=");
	for (size_t i = 0; i < pieces.n; i++)
		if (pieces.v[i][0] == '/' && fs_exists(pieces.v[i]))
			strv_push(reads, pieces.v[i]);
	strv_release(&pieces);
}

static bool is_script(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char begin[2] = "";
	bool script = fd >= 0 && read(fd, begin, 2) == 2 && begin[0] == '#' && begin[1] == '!';

	if (fd >= 0)
		close(fd);
	return script;
}

/*
 * A program with what lies beside it, of which its firmware is a part; around a script, which
 * starts others, what lies where we are.
 */
static void add_program(struct strv *reads, const char *path)
{
	char *copy = xstrdup(path), *dir = dirname(copy), *share = xasprintf("%s/../share", dir);

	strv_push(reads, path);
	if (is_script(path))
		strv_push(reads, ".");
	if (fs_exists(share))
		strv_push(reads, share);
	free(share);
	free(copy);
}

void confine_init(struct confined *c, const struct boot_job *job, const char *dir)
{
	const struct target *t = job->target;
	bool profiled = job->planned->kind == BOOT_PROFILE;
	unsigned long long memory = (unsigned long long)t->memory_mib * MIB;

	*c = (struct confined){0};
	if (t->qemu.n)
		add_program(&c->reads, t->qemu.v[0]);
	for (size_t i = 1; i < t->qemu.n; i++)
		add_paths(&c->reads, t->qemu.v[i]);
	if (dir) {
		char *initrd = xasprintf("%s/initramfs.cpio", dir);

		strv_push(&c->reads, job->kernel->image);
		strv_push(&c->reads, initrd);
		free(initrd);
	}
	if (t->kind == TARGET_KVM)
		strv_push(&c->reads, "/dev/kvm");
	if (profiled) {
		strv_push(&c->reads, job->plugin);
		if (job->symbols)
			strv_push(&c->reads, job->symbols);
	}
	c->jail = (struct jail){
		.writes = dir,
		.reads = (const char *const *)c->reads.v,
		.memory = memory + QEMU_BYTES + (unsigned long long)t->cpus * VCPU_BYTES +
			  (profiled ? PROFILER_BYTES : 0),
		/* huge pages are a file too, in memory (memfd_create(2)) */
		.file = FILE_BYTES * (profiled ? 16 : 1) + (t->hugepages ? memory : 0),
	};
}

void confine_release(struct confined *c)
{
	strv_release(&c->reads);
	*c = (struct confined){0};
}

json_t *confine_json(const struct boot_job *job)
{
	bool filtered = job->target->sandbox;
	struct str lacks = STR_INIT;
	struct confined c;
	unsigned holds;

	confine_init(&c, job, NULL);
	holds = jail_try(&c.jail);
	confine_release(&c);
	jail_lacks(holds, &lacks);
	if (!filtered)
		str_addf(&lacks, "%sit filters no system calls", lacks.len ? ", " : "");
	if (lacks.len)
		fprintf(stderr, "mlocklab run: QEMU is not confined as it should be: %s\n",
			lacks.buf);
	str_release(&lacks);
	return json_pack("{s:b, s:b, s:b, s:b, s:b, s:b}", "seccomp", filtered, "no_new_privs",
			 !!(holds & JAIL_NO_NEW_PRIVS), "no_capabilities",
			 !!(holds & JAIL_NO_CAPABILITIES), "not_root", !!(holds & JAIL_NOT_ROOT),
			 "own_network", !!(holds & JAIL_OWN_NETWORK), "read_only",
			 !!(holds & JAIL_READ_ONLY));
}

int confine_lend(const struct boot_job *job, const char *dir, bool its, struct err *err)
{
	static const char *const names[] = {"console.log", PROFILE_FILE};
	char *initrd = xasprintf("%s/initramfs.cpio", dir);
	int ret = 0;

	if (its && (jail_show(dir) < 0 || jail_show(initrd) < 0))
		ret = err_sys(err, "cannot open '%s' to the guest's QEMU", dir);
	for (size_t i = 0; ret == 0 && i < 1u + (job->planned->kind == BOOT_PROFILE); i++) {
		char *path = xasprintf("%s/%s", dir, names[i]);

		if (jail_lend(path, its) < 0 && its)
			ret = err_sys(err, "cannot create '%s'", path);
		free(path);
	}
	free(initrd);
	return ret;
}
