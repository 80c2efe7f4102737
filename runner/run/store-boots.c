#include "runner/run/store-boots.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/stored.h"
#include "runner/boot/boot.h"

static char *in_run(const struct store *s, const char *name)
{
	return xasprintf("%s/%s", s->dir, name);
}

bool store_has_boot(const struct store *s, int n)
{
	char *path = xasprintf("%s/boots/%03d/boot.json", s->dir, n);
	bool has = fs_exists(path);

	free(path);
	return has;
}

/* Puts a directory of boots/ beside itself where there is one, as DIR.WHY-K. count: how many such
 * there are now. */
static int put_beside(const char *dir, const char *beside, const char *why, int *count,
		      struct err *err)
{
	for (*count = 0;; ++*count) {
		char *old = xasprintf("%s.%s-%d", beside, why, *count + 1);
		bool taken = fs_exists(old), moved = false;
		int ret = 0;

		if (!taken && fs_exists(dir)) {
			ret = rename(dir, old);
			moved = true;
		}
		free(old);
		if (ret < 0)
			return err_sys(err, "cannot put '%s' aside", dir);
		if (!taken) {
			*count += moved;
			return 0;
		}
	}
}

/* An attempt at a boot that failed. */
static int put_aside(const char *dir, int *attempts, struct err *err)
{
	return put_beside(dir, dir, "failed", attempts, err);
}

int store_put_aside(const struct store *s, int n, int *attempts, struct err *err)
{
	char *dir = xasprintf("%s/boots/%03d", s->dir, n);
	int ret = put_aside(dir, attempts, err);

	free(dir);
	return ret;
}

char *store_boot_dir(const struct store *s, int n, int *attempts, struct err *err)
{
	char *dir = xasprintf("%s/boots/%03d", s->dir, n);

	if (put_aside(dir, attempts, err) == 0) {
		if (mkdir(dir, 0755) == 0)
			return dir;
		err_sys(err, "cannot create directory '%s'", dir);
	}
	free(dir);
	return NULL;
}

/* Whether what is over in dir is of the boot that was planned, with all that it stored. */
static int check_boot(const struct store *s, const json_t *planned, const char *dir,
		      struct err *err)
{
	char *name = xasprintf("%s/boot.json", dir), *path = in_run(s, name);
	json_t *boot = json_read_in(s->dir, name, err);
	int ret = -1;

	if (boot && stored_check_boot(s->run, planned, boot, path, err) == 0)
		ret = stored_check_files(s->dir, dir, boot, true, NULL, NULL, err);
	json_decref(boot);
	free(path);
	free(name);
	return ret;
}

/* boot.json of boot n, a new reference; NULL where it is not over. */
static json_t *read_boot(const struct store *s, int n)
{
	char *name = stored_name(n, "boot.json");
	struct err ignored;
	json_t *boot = store_has_boot(s, n) ? json_read_in(s->dir, name, &ignored) : NULL;

	free(name);
	return boot;
}

int store_earlier_attempts(const struct store *s, int n)
{
	int k = 0;

	for (bool there = true; there; k += there) {
		char *old = xasprintf("%s/boots/%03d.failed-%d", s->dir, n, k + 1);

		there = fs_exists(old);
		free(old);
	}
	return k;
}

int store_put_aside_lost(const struct store *s, int retries, struct err *err)
{
	json_t *planned;
	size_t i;
	int ret = 0;

	json_array_foreach(json_object_get(s->run, "boots"), i, planned) {
		int n = (int)json_get_int(planned, "n", -1), attempts;
		json_t *boot = read_boot(s, n);
		char *dir = xasprintf("%s/boots/%03d", s->dir, n);

		if (ret == 0 &&
		    boot_is_lost(json_get_str(boot, "outcome", ""),
				 (int)json_get_int(boot, "signal", 0)) &&
		    store_earlier_attempts(s, n) < retries) {
			fprintf(stderr, "boot %d is made again: %s\n", n,
				json_get_str(boot, "detail", ""));
			ret = put_aside(dir, &attempts, err);
		}
		free(dir);
		json_decref(boot);
	}
	return ret;
}

bool store_boot_failed(const struct store *s, int n)
{
	json_t *boot = read_boot(s, n);
	bool failed = boot && strcmp(json_get_str(boot, "outcome", ""), "ok") != 0;

	json_decref(boot);
	return failed;
}

/* Puts it aside where it is over and does not fit; name: "boots/007" or an attempt before it. 1
 * where it was. */
static int put_unfit(const struct store *s, const json_t *planned, const char *name,
		     struct err *err)
{
	char *boot = stored_name((int)json_get_int(planned, "n", -1), ""),
	     *beside = in_run(s, boot), *dir = in_run(s, name),
	     *json = xasprintf("%s/boot.json", dir);
	struct err why;
	int ret = 0, count;

	if (fs_exists(json) && check_boot(s, planned, name, &why) < 0) {
		if (strcmp(name, boot) == 0)
			fprintf(stderr, "boot %lld is made again: %s\n",
				json_get_int(planned, "n", -1), why.text);
		else
			fprintf(stderr, "an attempt that failed is put aside: %s\n", why.text);
		ret = put_beside(dir, beside, "unfit", &count, err) < 0 ? -1 : 1;
	}
	free(json);
	free(dir);
	free(beside);
	free(boot);
	return ret;
}

int store_put_aside_unfit(const struct store *s, size_t *count, struct err *err)
{
	json_t *planned;
	size_t i;
	int ret = 0;

	*count = 0;
	json_array_foreach(json_object_get(s->run, "boots"), i, planned) {
		int n = (int)json_get_int(planned, "n", -1), earlier = store_earlier_attempts(s, n);
		char *name = stored_name(n, "");

		if (ret >= 0)
			ret = put_unfit(s, planned, name, err);
		*count += ret > 0;
		for (int k = 1; k <= earlier && ret >= 0; k++) {
			char *failed = xasprintf("%s.failed-%d", name, k);

			ret = put_unfit(s, planned, failed, err);
			free(failed);
		}
		free(name);
	}
	return ret < 0 ? -1 : 0;
}

/* Moves what is in a directory of `from` to that of boots/; one that has a place there keeps it
 * where it is empty elsewhere. */
static int take_dir(const struct store *s, const char *from, const char *name, struct err *err)
{
	char *a = xasprintf("%s/%s", from, name), *b = xasprintf("%s/boots/%s", s->dir, name);
	int ret = 0;

	if (rmdir(a) < 0 && rename(a, b) < 0)
		ret = err_sys(err, "cannot take '%s' over", a);
	free(a);
	free(b);
	return ret;
}

int store_take_boot(const struct store *s, const char *from, int n, struct err *err)
{
	char *name = xasprintf("%03d", n), *json = xasprintf("%s/%s/boot.json", from, name);
	int ret = 0;

	for (int k = 1; ret == 0 && fs_exists(json); k++) {
		char *failed = xasprintf("%s.failed-%d", name, k),
		     *path = xasprintf("%s/%s", from, failed);
		bool there = fs_exists(path);

		if (there)
			ret = take_dir(s, from, failed, err);
		free(path);
		free(failed);
		if (!there)
			break;
	}
	/* boot.json with the rest, at once */
	if (ret == 0 && fs_exists(json))
		ret = take_dir(s, from, name, err);
	free(json);
	free(name);
	return ret;
}
