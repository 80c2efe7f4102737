#include "runner/run/store.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <ftw.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/stored.h"
#include "runner/boot/boot.h"

/* The run.json of a run whose kernels are still to be made. */
#define PLANNED "planned.json"

static char *in_run(const struct store *s, const char *name)
{
	return xasprintf("%s/%s", s->dir, name);
}

/* The lock goes with the process, so that a killed runner leaves nothing that must be cleaned up.
 */
static int take_lock(struct store *s, struct err *err)
{
	char *path = in_run(s, "lock");
	int ret = 0;

	s->lock_fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
	if (s->lock_fd < 0)
		ret = err_sys(err, "cannot create '%s'", path);
	else if (flock(s->lock_fd, LOCK_EX | LOCK_NB) < 0)
		ret = err_set(err, "'%s' is being written by another mlocklab run", s->dir);
	free(path);
	return ret;
}

/* Makes the run's own directory, which nobody else may have made. */
static int make_dir(struct store *s, const char *results, const char *name, const char *out,
		    struct err *err)
{
	char stamp[32];
	time_t now = time(NULL);

	strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", localtime(&now));
	if (!out && fs_mkdirs(results, err) < 0)
		return -1;
	for (int k = 1; k < 1000; k++) {
		s->dir = out	  ? xstrdup(out)
			 : k == 1 ? xasprintf("%s/%s-%s", results, name, stamp)
				  : xasprintf("%s/%s-%s-%d", results, name, stamp, k);
		if (mkdir(s->dir, 0755) == 0)
			return 0;
		if (out && errno == EEXIST) {
			char *json = in_run(s, "run.json");
			bool taken = fs_exists(json);

			free(json);
			return taken ? err_set(err,
					       "'%s' holds a run already: name another, or "
					       "--resume it",
					       out)
				     : 0;
		}
		if (errno != EEXIST)
			return err_sys(err, "cannot create directory '%s'", s->dir);
		free(s->dir);
		s->dir = NULL;
	}
	return err_set(err, "no free name for a run in '%s'", results);
}

/* With boots/ below it; takes over run. */
static int create(struct store *s, const char *results, const char *name, const char *out,
		  json_t *run, struct err *err)
{
	char *boots;
	int ret;

	*s = (struct store){.run = run, .lock_fd = -1};
	if (make_dir(s, results, name, out, err) < 0 || take_lock(s, err) < 0) {
		store_close(s);
		return -1;
	}
	boots = in_run(s, "boots");
	ret = fs_mkdirs(boots, err);
	free(boots);
	if (ret == 0)
		stored_seal_run(s->run);
	else
		store_close(s);
	return ret;
}

int store_create(struct store *s, const char *results, const char *name, const char *out,
		 json_t *run, struct err *err)
{
	int ret = create(s, results, name, out, run, err);

	if (ret == 0)
		ret = store_status(s, "running", err);
	if (ret < 0)
		store_close(s);
	return ret;
}

int store_plan(struct store *s, const char *results, const char *name, const char *out,
	       json_t *plan, struct err *err)
{
	int ret = create(s, results, name, out, plan, err);
	char *path = ret == 0 ? in_run(s, PLANNED) : NULL;

	if (ret == 0)
		ret = json_write(path, plan, err);
	if (ret < 0)
		store_close(s);
	s->planned = ret == 0;
	free(path);
	return ret;
}

int store_begin(struct store *s, json_t *run, struct err *err)
{
	char *planned = in_run(s, PLANNED);
	int ret;

	json_decref(s->run);
	s->run = run;
	s->planned = false;
	stored_seal_run(s->run);
	ret = store_status(s, "running", err);
	if (ret == 0 && unlink(planned) < 0)
		ret = err_sys(err, "cannot remove '%s'", planned);
	free(planned);
	return ret;
}

void store_forget(struct store *s)
{
	static const char *const names[] = {PLANNED, "lock"};
	static const char *const dirs[] = {"slurm", "boots", ""};

	if (!s->planned)
		return;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		char *path = in_run(s, names[i]);

		unlink(path);
		free(path);
	}
	for (size_t i = 0; i < sizeof(dirs) / sizeof(*dirs); i++) {
		char *path = in_run(s, dirs[i]);

		rmdir(path); /* where something lies in it, it stays */
		free(path);
	}
	s->planned = false;
}

/* What we are to write below must not lie elsewhere. */
static int check_boots(const struct store *s, struct err *err)
{
	char *boots = in_run(s, "boots");
	struct stat st;
	int ret = 0;

	if (lstat(boots, &st) == 0 && !S_ISDIR(st.st_mode))
		ret = err_set(err, "'%s' is no directory of the run", boots);
	else
		ret = fs_mkdirs(boots, err);
	free(boots);
	return ret;
}

static int check_open(const struct store *s, struct err *err)
{
	long long format = json_get_int(s->run, "format", 0);

	if (format < 1 || format > STORED_FORMAT)
		return err_set(err, "'%s/run.json' is of format %lld: this mlocklab knows up to %d",
			       s->dir, format, STORED_FORMAT);
	return stored_check_run(s->run, s->dir, err) < 0 ? -1 : check_boots(s, err);
}

static int sweep_file(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	const char *name = path + ftw->base;

	(void)st;
	if (type == FTW_F &&
	    (fnmatch("*.tmp[0-9]*", name, 0) == 0 || !strcmp(name, "initramfs.cpio")))
		unlink(path);
	return 0;
}

void store_sweep(const struct store *s)
{
	char *pattern = in_run(s, "inputs-*");
	struct err ignored;
	glob_t g;

	nftw(s->dir, sweep_file, 16, FTW_PHYS);
	if (glob(pattern, 0, NULL, &g) == 0) {
		for (size_t i = 0; i < g.gl_pathc; i++)
			fs_remove_tree(g.gl_pathv[i], &ignored);
		globfree(&g);
	}
	free(pattern);
}

static int store_read(struct store *s, const char *dir, bool alone, struct err *err)
{
	char *json, *planned;

	*s = (struct store){.dir = xstrdup(dir), .lock_fd = -1};
	json = in_run(s, "run.json");
	planned = in_run(s, PLANNED);
	s->planned = !fs_exists(json) && fs_exists(planned);
	if (!s->planned && !fs_exists(json))
		err_set(err, "'%s' is not a run: it has no run.json", dir);
	else if (!alone || take_lock(s, err) == 0)
		s->run = json_read_in(dir, s->planned ? PLANNED : "run.json", err);
	free(planned);
	free(json);
	if (s->run && check_open(s, err) == 0)
		return 0;
	store_close(s);
	return -1;
}

int store_open(struct store *s, const char *dir, struct err *err)
{
	return store_read(s, dir, true, err);
}

int store_join(struct store *s, const char *dir, struct err *err)
{
	return store_read(s, dir, false, err);
}

int store_status(struct store *s, const char *status, struct err *err)
{
	char *path = in_run(s, "run.json");
	int ret;

	json_object_set_new(s->run, "status", json_string(status));
	ret = json_write(path, s->run, err);
	free(path);
	return ret;
}

const char *store_file(const struct store *s)
{
	return s->planned ? PLANNED : "run.json";
}

void store_leave(struct store *s)
{
	if (s->lock_fd >= 0)
		close(s->lock_fd);
	s->lock_fd = -1;
}

void store_close(struct store *s)
{
	store_leave(s);
	json_decref(s->run);
	free(s->dir);
	*s = (struct store){.lock_fd = -1};
}
