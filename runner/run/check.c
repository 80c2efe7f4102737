#include "runner/run/check.h"

#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include "lib/fs.h"
#include "lib/json.h"
#include "runner/kernels/resolve.h"
#include "runner/run/provenance.h"

/* A kernel that a campaign boots this machine with (runner/campaign/). */
static bool is_of_boot(const struct arm *a)
{
	return strncmp(a->spec, "boot:", 5) == 0;
}

static bool any_running(const struct experiment *e)
{
	for (size_t i = 0; i < e->narms; i++)
		if (!is_of_boot(&e->arms[i]))
			return true;
	return false;
}

int run_check_host(const struct experiment *e, struct err *err)
{
	const struct {
		const char *name;
		bool set;
	} settings[] = {{"cmdline", *e->cmdline && any_running(e)},
			{"cpus", e->cpus},
			{"nodes", e->nodes},
			{"memory", e->memory_mib}};
	struct utsname u;

	uname(&u);
	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++)
		if (settings[i].set)
			return err_set(
				err,
				"%s is for guests, and --target host is this machine as it is "
				"booted: leave it out, or choose another target",
				settings[i].name);
	for (size_t i = 0; i < e->narms; i++) {
		const struct arm *a = &e->arms[i];

		if (is_of_boot(a))
			continue; /* run_check_booted() */
		if (strcmp(a->spec, "running") != 0)
			return err_set(
				err,
				"kernel '%s' cannot be measured on the host, which has booted "
				"%s: --kernel running would be right there; 'mlocklab campaign' "
				"boots others, boot:RELEASE; or choose a target of QEMU's",
				a->spec, u.release);
		if (*a->cmdline)
			return err_set(
				err,
				"cmdline of arm '%s' is for guests, and --target host is this "
				"machine as it is booted: leave it out",
				a->name);
	}
	return 0;
}

/* The first word of `want` that is none of `has`, a new string; NULL: all are. */
static char *missing_word(const char *want, const char *has)
{
	struct strv wanted = STRV_INIT, given = STRV_INIT;
	char *missing = NULL;

	strv_split(&wanted, want, " ");
	strv_split(&given, has, " \n");
	for (size_t i = 0; i < wanted.n && !missing; i++)
		if (!strv_has(&given, wanted.v[i]))
			missing = xstrdup(wanted.v[i]);
	strv_release(&wanted);
	strv_release(&given);
	return missing;
}

int run_check_booted(const struct run *r, struct err *err)
{
	struct str has = STR_INIT;
	struct utsname u;
	int ret = 0;

	if (r->target->kind != TARGET_HOST)
		return 0;
	uname(&u);
	ret = fs_read("/proc/cmdline", &has, err);
	for (size_t i = 0; ret == 0 && i < r->plan.n; i++) {
		const struct planned_boot *b = &r->plan.boots[i];
		char *want, *missing;
		struct err why;

		if (!is_of_boot(&r->e->arms[b->arm]) || (r->store->dir && !run_is_to_do(r, b)))
			continue;
		want = run_cmdline(r->e, b->arm);
		missing = missing_word(want, str_text(&has));
		if (kernel_is(&r->kernels[b->arm], u.release, u.version, &why) < 0)
			ret = err_set(
				err,
				"boot %d is not of the kernel that this machine has booted (%s): "
				"'mlocklab campaign' boots each in its turn",
				b->n, why.text);
		else if (missing)
			ret = err_set(err,
				      "boot %d has '%s' on its kernel's command line, and this "
				      "machine was "
				      "booted without: 'mlocklab campaign' boots it so",
				      b->n, missing);
		free(missing);
		free(want);
	}
	str_release(&has);
	return ret;
}

/* Time is of a machine and its kernel; guest instructions are the same on any. A campaign's kernels
 * are those of its arms, which run_check_booted() looks at. */
static int check_same_host(const struct run *r, struct err *err)
{
	static const char *const keys[] = {"cpu", "machine", "id", "kernel", "version"};
	const size_t n = r->target->kind != TARGET_HOST || any_running(r->e) ? 5 : 3;
	const json_t *was = json_object_get(r->store->run, "host");
	json_t *is = provenance_host();
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < n; i++) {
		/* runs of an older tool lack the newer keys */
		const char *now = json_get_str(is, keys[i], ""),
			   *then = json_get_str(was, keys[i], now);

		if (strcmp(now, then) != 0)
			ret = err_set(
				err,
				"'%s' was begun on a host whose %s is '%s', and here it is '%s': "
				"go on there, or start a new run",
				r->store->dir, keys[i], then, now);
	}
	json_decref(is);
	return ret;
}

/* The nodes of a cluster need not all run what the run was begun with. */
static int check_release(const struct run *r, const json_t *arm, struct err *err)
{
	const char *node = getenv("SLURMD_NODENAME"), *release, *version;
	struct utsname u;

	uname(&u);
	/* runs of an older tool lack the newer keys */
	release = json_get_str(arm, "release", u.release);
	version = json_get_str(arm, "uts_version", u.version);
	if (strcmp(u.release, release) == 0 && strcmp(u.version, version) == 0)
		return 0;
	return err_set(err,
		       "%s runs %s (%s), and '%s' measures %s (%s): it is made on machines that "
		       "run that",
		       node ? node : "this machine", u.release, u.version, r->store->dir, release,
		       version);
}

int run_check_same(const struct run *r, struct err *err)
{
	static const char *const names[] = {"mlockbench", "guest-init"};
	const json_t *was = json_object_get(r->store->run, "programs");
	const json_t *target = json_object_get(r->store->run, "target");
	const char *paths[] = {r->bench, r->init};
	json_t *arm;
	size_t i;
	char sum[65];

	/* a cluster's tasks are on many machines, each named in its boots */
	if (r->target->kind != TARGET_ICOUNT && !r->n_only && !r->elsewhere &&
	    check_same_host(r, err) < 0)
		return -1;
	for (i = 0; i < 2; i++) {
		if (fs_sha256(paths[i], sum, err) < 0)
			return -1;
		if (strcmp(sum, json_get_str(was, names[i], "")) != 0)
			return err_set(
				err, "'%s' is not the %s that '%s' was begun with: start a new run",
				paths[i], names[i], r->store->dir);
	}
	json_array_foreach(json_object_get(r->store->run, "arms"), i, arm) {
		if (r->kernels[i].running && check_release(r, arm, err) < 0)
			return -1;
		if (strcmp(json_get_str(arm, "sha256", ""), r->kernels[i].sha256) != 0)
			return err_set(
				err,
				"kernel '%s' is no longer the image that '%s' was begun with: "
				"start a new run",
				r->kernels[i].spec, r->store->dir);
	}
	if (r->target->qemu.n && strcmp(json_get_str(json_object_get(target, "qemu"), "sha256", ""),
					r->target->qemu_sha256) != 0)
		return err_set(err,
			       "QEMU is not the one that '%s' was begun with: name it with --qemu",
			       r->store->dir);
	return 0;
}
