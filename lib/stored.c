#include "lib/stored.h"

#include <errno.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/sha256.h"
#include "lib/str.h"

/* --- sums --- */

void tally_begin(struct tally *t)
{
	t->bytes = t->lines = 0;
	sha256_init(&t->ctx);
}

void tally_add(struct tally *t, const void *bytes, size_t n)
{
	const char *p = bytes, *end = p + n;

	sha256_update(&t->ctx, n, bytes);
	t->bytes += (long long)n;
	while (p < end && (p = memchr(p, '\n', (size_t)(end - p)))) {
		t->lines++;
		p++;
	}
}

int tally_check(struct tally *t, const json_t *entry, const char *path, struct err *err)
{
	char sum[65];

	sha256_hex(&t->ctx, sum);
	if (t->bytes != json_get_int(entry, "bytes", -1) ||
	    t->lines != json_get_int(entry, "lines", -1))
		return err_set(err,
			       "'%s' has %lld lines, %lld bytes, and was stored with %lld, %lld: "
			       "see mlocklab fsck",
			       path, t->lines, t->bytes, json_get_int(entry, "lines", -1),
			       json_get_int(entry, "bytes", -1));
	if (strcmp(sum, json_get_str(entry, "sha256", "")) != 0)
		return err_set(err,
			       "'%s' was changed after it was stored (its SHA-256 is another): see "
			       "mlocklab fsck",
			       path);
	return 0;
}

/* The sum of an object without some members, in whatever order and layout it is written. */
static void sum_without(const json_t *o, const char *const *without, char out[65])
{
	json_t *rest = json_copy((json_t *)o);
	struct sha256_ctx ctx;
	char *text;

	for (; *without; without++)
		json_object_del(rest, *without);
	text = json_dumps(rest, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII);
	sha256_init(&ctx);
	if (text)
		sha256_update(&ctx, strlen(text), (const uint8_t *)text);
	sha256_hex(&ctx, out);
	free(text);
	json_decref(rest);
}

/* The sum of what does not change in run.json while the run is measured: all but status and sum. */
static void plan_sum(const json_t *run, char out[65])
{
	static const char *const changing[] = {"status", "plan_sha256", NULL};

	sum_without(run, changing, out);
}

/* Of a boot.json or series.json, which hold it. */
static void own_sum(const json_t *o, char out[65])
{
	static const char *const own[] = {"sha256", NULL};

	sum_without(o, own, out);
}

void stored_seal_run(json_t *run)
{
	char sum[65];

	plan_sum(run, sum);
	json_object_set_new(run, "plan_sha256", json_string(sum));
}

void stored_seal_boot(json_t *boot)
{
	char sum[65];

	own_sum(boot, sum);
	json_object_set_new(boot, "sha256", json_string(sum));
}

void stored_seal_series(json_t *series, const json_t *run)
{
	json_object_set_new(series, "format", json_integer(STORED_FORMAT));
	json_object_set(series, "plan_sha256", json_object_get(run, "plan_sha256"));
	stored_seal_boot(series);
}

/* --- files --- */

static int tally_file(struct tally *t, const char *dir, const char *name, struct err *err)
{
	int fd = fs_open_in(dir, name, STORED_MAX_BYTES, err);
	char buf[65536];
	ssize_t n;

	if (fd < 0)
		return -1;
	tally_begin(t);
	while ((n = read(fd, buf, sizeof(buf))) > 0 || (n < 0 && errno == EINTR))
		if (n > 0)
			tally_add(t, buf, (size_t)n);
	if (n < 0)
		err_sys(err, "cannot read '%s/%s'", dir, name);
	close(fd);
	return n < 0 ? -1 : 0;
}

/* Calls visit with the name below dir of all there that is no directory. */
static int each_file(const char *dir, int (*visit)(void *arg, const char *name, bool regular),
		     void *arg, struct err *err)
{
	char *paths[] = {(char *)dir, NULL};
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	size_t skip = strlen(dir) + 1;
	FTSENT *e;
	int ret = 0;

	if (!tree)
		return err_sys(err, "cannot open '%s'", dir);
	while (ret == 0 && (errno = 0, e = fts_read(tree))) {
		if (e->fts_info == FTS_DNR || e->fts_info == FTS_ERR || e->fts_info == FTS_NS) {
			errno = e->fts_errno;
			ret = err_sys(err, "cannot read '%s'", e->fts_path);
		} else if (e->fts_info != FTS_D && e->fts_info != FTS_DP) {
			ret = visit(arg, e->fts_path + skip, e->fts_info == FTS_F);
		}
	}
	fts_close(tree);
	return ret;
}

struct gather {
	const char *dir;
	json_t *files;
	struct err *err;
};

static int gather_file(void *arg, const char *name, bool regular)
{
	struct gather *g = arg;
	struct tally t;
	char sum[65];

	if (!regular || strcmp(name, "boot.json") == 0)
		return 0;
	if (tally_file(&t, g->dir, name, g->err) < 0)
		return -1;
	sha256_hex(&t.ctx, sum);
	json_object_set_new(g->files, name,
			    json_pack("{s:I, s:I, s:s}", "bytes", (json_int_t)t.bytes, "lines",
				      (json_int_t)t.lines, "sha256", sum));
	return 0;
}

json_t *stored_files(const char *dir, struct err *err)
{
	struct gather g = {dir, json_object(), err};

	if (each_file(dir, gather_file, &g, err) == 0)
		return g.files;
	json_decref(g.files);
	return NULL;
}

char *stored_name(int boot, const char *file)
{
	return xasprintf("boots/%03d%s%s", boot, *file ? "/" : "", file);
}

FILE *stored_open(const char *run, int boot, const char *file, struct err *err)
{
	char *name = stored_name(boot, file);
	int fd = fs_open_in(run, name, STORED_MAX_BYTES, err);
	FILE *in = fd < 0 ? NULL : fdopen(fd, "r");

	if (fd >= 0 && !in) {
		err_sys(err, "cannot open '%s/%s'", run, name);
		close(fd);
	}
	free(name);
	return in;
}

bool stored_is_complete(const char *run)
{
	char *path = xasprintf("%s/run.json", run);
	struct err ignored;
	json_t *o = json_read(path, &ignored);
	bool is = strcmp(json_get_str(o, "status", ""), "complete") == 0;

	json_decref(o);
	free(path);
	return is;
}

/* --- checks --- */

static bool has_sums(const json_t *run)
{
	return json_get_int(run, "format", 0) > 1;
}

int stored_check_run(const json_t *run, const char *path, struct err *err)
{
	char sum[65];

	if (!has_sums(run))
		return 0;
	plan_sum(run, sum);
	if (strcmp(sum, json_get_str(run, "plan_sha256", "")) != 0)
		return err_set(err,
			       "'%s/run.json' was changed after it was stored: 'plan_sha256' is "
			       "not that of "
			       "its plan",
			       path);
	return 0;
}

/* A run of format 1 may lack what it does not tell. */
static bool agree(const json_t *planned, const json_t *boot, const char *key, bool must)
{
	const json_t *is = json_object_get(boot, key), *want = json_object_get(planned, key);

	return is ? !want || json_equal(is, want) : !must || !want;
}

static int check_own(const json_t *o, const char *path, struct err *err)
{
	char sum[65];

	own_sum(o, sum);
	if (strcmp(sum, json_get_str(o, "sha256", "")) == 0)
		return 0;
	return err_set(err, "'%s' was changed after it was stored: 'sha256' is not its own", path);
}

/* Whether what names the sum of its run's plan is of this run. */
static int check_plan(const json_t *run, const json_t *o, const char *path, struct err *err)
{
	if (strcmp(json_get_str(o, "plan_sha256", ""), json_get_str(run, "plan_sha256", "")) == 0)
		return 0;
	return err_set(err, "'%s' is of another run: its 'plan_sha256' is not that of run.json",
		       path);
}

int stored_check_boot(const json_t *run, const json_t *planned, const json_t *boot,
		      const char *path, struct err *err)
{
	static const char *const keys[] = {"n", "kind", "arm", "pair", "seed"};
	bool must = has_sums(run);

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++)
		if (!agree(planned, boot, keys[i], must))
			return err_set(err,
				       "'%s' is of another boot: its '%s' is not what run.json has "
				       "for it",
				       path, keys[i]);
	if (!json_object_get(boot, "sha256") && !must)
		return 0;
	if (check_own(boot, path, err) < 0)
		return -1;
	if (!json_is_object(json_object_get(boot, "files")))
		return err_set(err, "'%s' lacks 'files', which tells what was stored", path);
	return must ? check_plan(run, boot, path, err) : 0;
}

int stored_check_series(const json_t *run, const json_t *series, const char *path, struct err *err)
{
	if (!has_sums(series))
		return 0;
	return check_own(series, path, err) < 0 ? -1 : check_plan(run, series, path, err);
}

/* What boot.json says of a file, or NULL where there is nothing to hold it against. */
static const json_t *entry_of(const json_t *boot, const char *file)
{
	return json_object_get(json_object_get(boot, "files"), file);
}

struct check {
	const char *run, *dir;
	const json_t *boot;
	bool whole;
	stored_found_fn *found;
	void *arg;
	struct err *err;
	int ret;
};

/* 0: go on. */
static int tell(struct check *c)
{
	c->ret = -1;
	if (!c->found)
		return -1;
	c->found(c->arg, c->err->text);
	return 0;
}

static int check_size(const char *run, const char *name, const json_t *entry, struct err *err)
{
	int fd = fs_open_in(run, name, STORED_MAX_BYTES, err);
	struct stat st = {0};

	if (fd < 0)
		return -1;
	fstat(fd, &st);
	close(fd);
	if (st.st_size != json_get_int(entry, "bytes", -1))
		return err_set(
			err, "'%s/%s' has %lld bytes, and was stored with %lld: see mlocklab fsck",
			run, name, (long long)st.st_size, json_get_int(entry, "bytes", -1));
	return 0;
}

static int check_file(const struct check *c, const char *file, const json_t *entry)
{
	char *name = xasprintf("%s/%s", c->dir, file), *path = xasprintf("%s/%s", c->run, name);
	struct tally t;
	int ret;

	if (!c->whole) {
		ret = check_size(c->run, name, entry, c->err);
	} else {
		ret = tally_file(&t, c->run, name, c->err);
		if (ret == 0)
			ret = tally_check(&t, entry, path, c->err);
	}
	free(name);
	free(path);
	return ret;
}

static int check_stranger(void *arg, const char *name, bool regular)
{
	struct check *c = arg;

	if (strcmp(name, "boot.json") == 0 || entry_of(c->boot, name))
		return 0;
	err_set(c->err, "'%s/%s/%s' is not among what was stored%s", c->run, c->dir, name,
		regular ? "" : ", nor is it a regular file");
	return tell(c);
}

int stored_check_files(const char *run, const char *dir, const json_t *boot, bool whole,
		       stored_found_fn *found, void *arg, struct err *err)
{
	struct check c = {run, dir, boot, whole, found, arg, err, 0};
	json_t *files = json_object_get(boot, "files"), *entry;
	const char *file;
	char *path;

	json_object_foreach(files, file, entry)
		if (check_file(&c, file, entry) < 0 && tell(&c) < 0)
			return -1;
	if (!files || !whole)
		return c.ret;
	path = xasprintf("%s/%s", run, dir);
	if (each_file(path, check_stranger, &c, err) < 0)
		c.ret = -1;
	free(path);
	return c.ret;
}
