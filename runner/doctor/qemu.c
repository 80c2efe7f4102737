#include "runner/doctor/doctor.h"

#include <stdlib.h>
#include <unistd.h>
#include "lib/jail.h"
#include "lib/json.h"
#include "runner/debian/package.h"
#include "runner/kernels/cache.h"
#include "runner/probe/probe.h"
#include "runner/qemu/find.h"

/* Any cached kernel of Debian's can answer, the oldest as well as another. */
static bool any_kernel(struct kernel *k, const char *cache, struct err *err)
{
	struct cached_kernels l;
	char *name = NULL;

	if (kernel_cache_list(&l, cache, err) < 0)
		return false;
	for (size_t i = 0; i < l.n && !name; i++)
		if (json_get_str(l.v[i].info, "suite", NULL))
			name = xstrdup(l.v[i].name);
	kernel_cache_list_release(&l);
	if (!name) {
		err_set(err, "not tried: no kernel is cached to boot");
		return false;
	}
	if (kernel_cache_load(k, cache, name, err) < 0) {
		free(name);
		return false;
	}
	k->spec = name;
	return true;
}

static void kvm_row(struct doctor *d, const struct target *t, const struct kernel *k)
{
	struct err err;
	char *text;

	if (access("/dev/kvm", F_OK) < 0) {
		doctor_row(d, "KVM", FINDING_LACK, "this machine has no /dev/kvm",
			   "turn virtualization on in its firmware, or in the machine it is a "
			   "guest of; else --target tcg and icount do without");
	} else if (access("/dev/kvm", R_OK | W_OK) < 0) {
		doctor_row(d, "KVM", FINDING_LACK, "/dev/kvm is not for this user",
			   "sudo adduser $USER kvm, then log in again");
	} else if (probe_kvm(t, k, false, &err)) {
		doctor_row(d, "KVM", FINDING_OK, "a guest boots", NULL);
	} else {
		text = xasprintf("/dev/kvm is there, but no guest boots under it: %s", err.text);
		doctor_row(d, "KVM", FINDING_LACK, text,
			   "none from here; --target tcg and icount do without");
		free(text);
	}
}

static void icount_row(struct doctor *d, const char *name, const struct target *t,
		       const struct kernel *k, const char *fix)
{
	struct err err;
	char *text;

	if (probe_icount_smp(t, k, &err)) {
		text = xasprintf("QEMU %s starts several CPUs under icount", t->qemu_version);
		doctor_row(d, name, FINDING_OK, text, NULL);
	} else {
		text = xasprintf("QEMU %s starts no guest of two CPUs under icount: %s",
				 t->qemu_version, err.text);
		doctor_row(d, name, FINDING_LACK, text, fix);
	}
	free(text);
}

static void probes(struct doctor *d, const struct target *installed, const struct target *cached,
		   const struct kernel_opts *o)
{
	static const char fetch_kernel[] = "mlocklab kernels fetch debian:6.1";
	struct kernel k = {0};
	struct err err;

	if (!any_kernel(&k, o->cache, &err)) {
		doctor_row(d, "KVM", FINDING_UNKNOWN, err.text, fetch_kernel);
		doctor_row(d, "icount SMP", FINDING_UNKNOWN, err.text, fetch_kernel);
		return;
	}
	if (installed->qemu.n) {
		kvm_row(d, installed, &k);
		icount_row(d, "icount SMP", installed, &k,
			   cached->qemu.n ? "--qemu cached"
					  : "mlocklab qemu fetch, then --qemu cached");
	}
	if (cached->qemu.n)
		icount_row(d, "  cached", cached, &k,
			   "if the machine was busy, once more; else a newer one: mlocklab qemu "
			   "fetch");
	kernel_release(&k);
}

/* What holds a guest that breaks out of its QEMU. */
static void jail_row(struct doctor *d, const struct target *t)
{
	const char *const reads[] = {t->qemu.v[0], NULL};
	struct str lacks = STR_INIT;

	jail_lacks(jail_try(&(struct jail){.reads = reads}), &lacks);
	if (!t->sandbox)
		str_addf(&lacks, "%sit filters no system calls", lacks.len ? ", " : "");
	if (lacks.len)
		doctor_row(d, "jail", FINDING_LACK, lacks.buf,
			   "a kernel that gives users name spaces (user.max_user_namespaces), a "
			   "container "
			   "that may make them, a QEMU built with seccomp");
	else
		doctor_row(d, "jail", FINDING_OK,
			   "QEMU has no rights, no network and nothing to write to", NULL);
	str_release(&lacks);
}

int doctor_qemu(struct doctor *d, const struct kernel_opts *o)
{
	struct target installed = {0}, cached = {0};
	char *text;
	struct err err;
	int ret;

	if (qemu_find(&installed, NULL, &err) == 0) {
		text = xasprintf("%s, %s", installed.qemu_version, installed.qemu.v[0]);
		doctor_row(d, "QEMU", FINDING_OK, text, NULL);
		free(text);
	} else {
		doctor_row(d, "QEMU", FINDING_LACK, err.text, "apt-get install qemu-system-x86");
	}
	if (qemu_find(&cached, "cached", &err) == 0)
		doctor_row(d, "  cached", FINDING_OK, cached.qemu_version, NULL);
	ret = installed.qemu.n || cached.qemu.n ? 0 : -1;
	if (ret == 0)
		jail_row(d, installed.qemu.n ? &installed : &cached);
	if (ret == 0)
		probes(d, &installed, &cached, o);
	target_release(&installed);
	target_release(&cached);
	return ret;
}
