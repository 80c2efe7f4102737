#include "runner/run/reuse.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/options.h"
#include "lib/stored.h"
#include "runner/run/store-boots.h"

/* Equal but for these members. */
static bool same_but(const json_t *a, const json_t *b, const char *const *but)
{
	json_t *x = json_deep_copy(a), *y = json_deep_copy(b);
	bool same;

	for (; *but; but++) {
		json_object_del(x, *but);
		json_object_del(y, *but);
	}
	same = x && y && json_equal(x, y);
	json_decref(x);
	json_decref(y);
	return same;
}

/* What the boots of two runs differ in, or NULL. */
static const char *differ(const json_t *ours, const json_t *theirs, const json_t *arm,
			  const json_t *other)
{
	static const char *const no_target[] = {"command", NULL}, *const no_setting[] = {
									  "name", "pairs", NULL};
	static const char *const of_arm[] = {"sha256", "cmdline", "inject"};
	const json_t *a = json_object_get(ours, "experiment"),
		     *b = json_object_get(theirs, "experiment");

	for (size_t i = 0; i < sizeof(of_arm) / sizeof(*of_arm); i++) {
		const json_t *x = json_object_get(arm, of_arm[i]),
			     *y = json_object_get(other, of_arm[i]);

		if ((x || y) && !json_equal(x, y))
			return of_arm[i];
	}
	if (!same_but(json_object_get(ours, "target"), json_object_get(theirs, "target"),
		      no_target))
		return "target";
	if (!json_equal(json_object_get(ours, "programs"), json_object_get(theirs, "programs")))
		return "programs";
	if (!same_but(json_object_get(a, "settings"), json_object_get(b, "settings"), no_setting))
		return "settings";
	if (!json_equal(json_object_get(a, "files"), json_object_get(b, "files")))
		return "files";
	return json_equal(json_object_get(ours, "cells"), json_object_get(theirs, "cells"))
		       ? NULL
		       : "cells";
}

static json_t *boot_like(const json_t *theirs, const struct planned_boot *p)
{
	json_t *o;
	size_t i;

	json_array_foreach(json_object_get(theirs, "boots"), i, o)
		if (!strcmp(json_get_str(o, "kind", "timed"), "timed") &&
		    json_get_int(o, "pair", -1) == p->pair &&
		    (uint64_t)json_get_int(o, "seed", 0) == p->seed)
			return o;
	return NULL;
}

/* boot.json goes last: it says that the boot is there. boot: as read_whole() gives it; changed. */
static int copy_boot(json_t *boot, const char *from, const char *to, const struct planned_boot *p,
		     const struct run *r, struct err *err)
{
	char *target = xasprintf("%s/boot.json", to);
	int ret = fs_mkdirs(to, err);
	const char *file;
	json_t *entry;

	json_object_foreach(json_object_get(boot, "files"), file, entry) {
		char *a = xasprintf("%s/%s", from, file), *b = xasprintf("%s/%s", to, file);

		if (ret == 0)
			ret = fs_copy(a, b, err);
		free(a);
		free(b);
	}
	if (ret == 0) {
		json_object_set_new(boot, "n", json_integer(p->n));
		json_object_set_new(boot, "arm", json_string(r->e->arms[p->arm].name));
		json_object_set(boot, "plan_sha256", json_object_get(r->store->run, "plan_sha256"));
		json_object_del(boot, "sha256");
		stored_seal_boot(boot);
		ret = json_write(target, boot, err);
	}
	free(target);
	return ret;
}

/* boot.json of an attempt that nothing was damaged of since: its sums are checked. A new reference.
 */
static json_t *read_whole(const char *dir, const json_t *theirs, const json_t *like,
			  const char *from, struct err *err)
{
	char *path = xasprintf("%s/boot.json", from);
	json_t *boot = json_read(path, err);

	if (boot &&
	    (stored_check_boot(theirs, like, boot, path, err) < 0 ||
	     stored_check_files(dir, from + strlen(dir) + 1, boot, true, NULL, NULL, err) < 0)) {
		json_decref(boot);
		boot = NULL;
	}
	free(path);
	return boot;
}

/* With the attempts before it: what their kernels complained of counts. One that was interrupted
 * leaves a place. */
static int take_boot(const char *dir, const json_t *theirs, const json_t *like, const char *from,
		     const char *to, const struct planned_boot *p, const struct run *r,
		     struct err *err)
{
	json_t *boot = read_whole(dir, theirs, like, from, err);
	int ret = boot ? 0 : -1;

	for (int k = 1; ret == 0 && k < json_get_int(boot, "attempts", 1); k++) {
		char *failed = xasprintf("%s.failed-%d", from, k),
		     *kept = xasprintf("%s.failed-%d", to, k);
		struct err ignored;
		json_t *before = read_whole(dir, theirs, like, failed, &ignored);

		ret = before ? copy_boot(before, failed, kept, p, r, err) : fs_mkdirs(kept, err);
		json_decref(before);
		free(failed);
		free(kept);
	}
	if (ret == 0)
		ret = copy_boot(boot, from, to, p, r, err);
	json_decref(boot);
	return ret;
}

static int take_arm(struct run *r, int arm, const char *dir, const json_t *theirs, struct err *err)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < r->plan.n; i++) {
		const struct planned_boot *p = &r->plan.boots[i];
		const json_t *like =
			p->kind == BOOT_TIMED && p->arm == arm ? boot_like(theirs, p) : NULL;
		char *from =
			xasprintf("%s/boots/%03d", dir, like ? (int)json_get_int(like, "n", 0) : 0);
		char *to = xasprintf("%s/boots/%03d", r->store->dir, p->n);
		char *done = xasprintf("%s/boot.json", from);

		if (like && !store_has_boot(r->store, p->n) && fs_exists(done))
			ret = take_boot(dir, theirs, like, from, to, p, r, err);
		free(done);
		free(to);
		free(from);
	}
	return ret;
}

static int take_source(struct run *r, const char *source, struct err *err)
{
	const char *dir = strchr(source, '='), *why;
	json_t *arm, *theirs;
	char *path;
	size_t i;
	int ret = 0;

	if (!dir)
		return err_set(err, "--reuse %s: not ARM=RUN", source);
	path = xasprintf("%s/run.json", ++dir);
	theirs = json_read(path, err);
	free(path);
	if (!theirs)
		return -1;
	if (stored_check_run(theirs, dir, err) < 0) {
		json_decref(theirs);
		return -1;
	}
	json_array_foreach(json_object_get(r->store->run, "arms"), i, arm) {
		const char *name = json_get_str(arm, "name", "");

		if (strlen(name) != (size_t)(dir - source) - 1 ||
		    strncmp(name, source, strlen(name)))
			continue;
		why = differ(r->store->run, theirs, arm,
			     json_array_get(json_object_get(theirs, "arms"), 0));
		if (why)
			command_note("'%s' has no boots for %s: it was measured with another '%s'",
				     dir, name, why);
		else
			ret = take_arm(r, (int)i, dir, theirs, err);
	}
	json_decref(theirs);
	return ret;
}

int reuse_boots(struct run *r, const struct strv *sources, struct err *err)
{
	int ret = 0;

	if (sources->n && r->target->kind != TARGET_ICOUNT)
		return err_set(err, "--reuse is for target icount: elsewhere a boot of another "
				    "time is no part of a "
				    "round");
	for (size_t i = 0; ret == 0 && i < sources->n; i++)
		ret = take_source(r, sources->v[i], err);
	return ret;
}
