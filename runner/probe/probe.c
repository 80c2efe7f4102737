#include "runner/probe/probe.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/paths.h"
#include "lib/scratch.h"
#include "runner/probe/once.h"

#define KVM_SECONDS 45
#define KVM_WANTED_SECONDS 120
#define SMP_SECONDS 30

/* Boots the kernel with an empty plan. */
static bool try(const struct target *t, const struct kernel *k, const char *doing, int limit,
		struct err *err)
{
	char *dir = scratch_make("probe", err);
	struct once once = {.kind = BOOT_TIMED,
			    .target = t,
			    .kernel = k,
			    .seconds = limit,
			    .silence = limit,
			    .doing = doing};
	bool ok = dir && boot_once(&once, dir, err) == 0;

	scratch_remove(dir);
	return ok;
}

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
	char *doing = xasprintf("trying %s with a guest", what);
	struct utsname u;
	struct err ignored;
	json_t *all = json_read(path, &ignored);
	bool ok;

	uname(&u);
	key = xasprintf("%s %.16s %.16s on %s %s", what, t->qemu_sha256, k->sha256, u.release,
			u.version);
	if (!all)
		all = json_object();
	ok = strcmp(json_get_str(all, key, ""), "yes") == 0;
	if (!ok && try(t, k, doing, limit, err)) {
		ok = true;
		json_object_set_new(all, key, json_string("yes"));
		json_write(path, all, &ignored);
	}
	json_decref(all);
	free(doing);
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
	v.place = (struct place){0};
	v.hugepages = NULL;
	return v;
}

bool probe_kvm(const struct target *t, const struct kernel *k, bool wanted, struct err *err)
{
	struct target v = variant(t, TARGET_KVM, 2);

	if (access("/dev/kvm", R_OK | W_OK) < 0) {
		err_sys(err, "cannot use /dev/kvm");
		return false;
	}
	return ask(&v, k, "kvm", wanted ? KVM_WANTED_SECONDS : KVM_SECONDS, err);
}

bool probe_icount_smp(const struct target *t, const struct kernel *k, struct err *err)
{
	struct target v = variant(t, TARGET_ICOUNT, 2);

	return ask(&v, k, "icount-smp", SMP_SECONDS, err);
}
