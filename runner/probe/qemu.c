#include "runner/probe/qemu.h"

#include <ctype.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/spawn.h"
#include "runner/boot/boot.h"
#include "lib/paths.h"
#include "runner/qemu/cache.h"

#define PROGRAM "qemu-system-x86_64"
#define PROBE_KVM_SECONDS 10
#define PROBE_SMP_SECONDS 30

char *qemu_parse_version(const char *text)
{
	const char *v = strstr(text, "version ");
	size_t n;

	if (!v)
		return NULL;
	v += strlen("version ");
	n = strspn(v, "0123456789.");
	return n && isdigit((unsigned char)*v) ? xstrndup(v, n) : NULL;
}

/* Its version; with sandbox only where it can filter its own system calls, which some builds and
 * kernels cannot. */
static int ask_version(struct target *t, bool sandbox, struct err *err)
{
	struct strv argv = STRV_INIT;
	struct str out = STR_INIT;
	int ret;

	for (size_t i = 0; i < t->qemu.n; i++)
		strv_push(&argv, t->qemu.v[i]);
	if (sandbox) {
		strv_push(&argv, "-sandbox");
		strv_push(&argv, target_sandbox);
	}
	strv_push(&argv, "--version");
	ret = spawn_capture(argv.v, &out, err);
	if (ret == 0) {
		t->qemu_version = qemu_parse_version(str_text(&out));
		if (!t->qemu_version)
			ret = err_set(err, "'%s --version' names no version", t->qemu.v[0]);
	}
	t->sandbox = sandbox && ret == 0;
	str_release(&out);
	strv_release(&argv);
	return ret;
}

int qemu_find(struct target *t, const char *path, struct err *err)
{
	char *binary = NULL;
	int ret = 0;

	if (path && strcmp(path, "cached") == 0) {
		ret = qemu_cache_prefix(&t->qemu, &binary, err);
	} else {
		binary = spawn_which(path ? path : PROGRAM);
		if (!binary && path)
			ret = err_set(err, "no program '%s': --qemu takes the path of a " PROGRAM
					   ", or 'cached' after 'mlocklab qemu fetch'", path);
		else if (!binary)
			ret = err_set(err, "no " PROGRAM " on PATH: run 'make deps', or install the "
					   "package qemu-system-x86");
		else
			strv_push(&t->qemu, binary);
	}
	if (ret == 0)
		ret = fs_sha256(binary, t->qemu_sha256, err);
	if (ret == 0)
		ret = ask_version(t, true, err) < 0 ? ask_version(t, false, err) : 0;
	free(binary);
	return ret;
}

/* Runs the boot to its end or to the limit. */
static void run_probe(struct boot *b, int limit)
{
	struct timespec now;

	while (b->fd >= 0) {
		struct pollfd p = {.fd = b->fd, .events = POLLIN};

		if (poll(&p, 1, 200) > 0)
			boot_pump(b);
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec - b->started.tv_sec >= limit)
			boot_kill(b, BOOT_HANG, "the probe guest did not finish in time");
	}
}

bool qemu_probe(const struct target *t, const struct kernel *k, int limit, struct err *err)
{
	char *bench = paths_program("mlockbench"), *init = paths_program("guest-init");
	struct experiment e = {.timeout = 60, .settle = 0, .watchdog = limit};
	struct arm arm = {.name = (char *)"probe", .spec = k->spec, .cmdline = (char *)""};
	struct planned_boot planned = {.n = 1};
	struct boot_job job = {.e = &e, .target = t, .planned = &planned, .kernel = k,
			       .cmdline = "", .bench = bench, .init = init};
	char *dir = paths_scratch("probe", err);
	struct err ignored;
	struct boot b;
	bool ok = false;

	e.arms = &arm;
	e.narms = 1;
	if (dir && boot_start(&b, &job, xstrdup(dir), err) == 0) {
		run_probe(&b, limit);
		if (boot_finish(&b, err) == 0) {
			ok = b.outcome == BOOT_OK;
			if (!ok)
				err_set(err, "%s", b.detail);
		}
		boot_release(&b);
	}
	if (dir)
		fs_remove_tree(dir, &ignored);
	free(dir);
	free(bench);
	free(init);
	return ok;
}

/* --- answers that are kept --- */

static char *answers_path(void)
{
	char *cache = paths_cache(), *path = xasprintf("%s/probes.json", cache);
	struct err err;

	fs_mkdirs(cache, &err);
	free(cache);
	return path;
}

static bool ask(const struct target *t, const struct kernel *k, const char *what, int limit,
		struct err *err)
{
	char *path = answers_path(), *key;
	struct utsname u;
	struct err ignored;
	json_t *all = json_read(path, &ignored);
	json_t *known;
	bool ok;

	uname(&u);
	key = xasprintf("%s %.16s on %s", what, t->qemu_sha256, u.release);
	if (!all)
		all = json_object();
	known = json_object_get(all, key);
	if (json_is_string(known)) {
		ok = strcmp(json_string_value(known), "yes") == 0;
		if (!ok)
			err_set(err, "%s", json_string_value(known));
	} else {
		ok = qemu_probe(t, k, limit, err);
		json_object_set_new(all, key, json_string(ok ? "yes" : err->text));
		json_write(path, all, &ignored);
	}
	json_decref(all);
	free(key);
	free(path);
	return ok;
}

/* The target with another kind and size, borrowing its QEMU. */
static struct target variant(const struct target *t, enum target_kind kind, int cpus)
{
	struct target v = *t;

	v.kind = kind;
	v.cpus = cpus;
	v.nodes = 1;
	v.memory_mib = 512;
	return v;
}

bool qemu_can_kvm(const struct target *t, const struct kernel *k, struct err *err)
{
	struct target v = variant(t, TARGET_KVM, 2);

	if (access("/dev/kvm", R_OK | W_OK) < 0) {
		err_sys(err, "cannot use /dev/kvm");
		return false;
	}
	return ask(&v, k, "kvm", PROBE_KVM_SECONDS, err);
}

bool qemu_can_icount_smp(const struct target *t, const struct kernel *k, struct err *err)
{
	struct target v = variant(t, TARGET_ICOUNT, 2);

	return ask(&v, k, "icount-smp", PROBE_SMP_SECONDS, err);
}
