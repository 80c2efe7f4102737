#include "analysis/load/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/stored.h"

#define CHUNK (256u << 10)

struct reader {
	const char *path;
	struct strv *notes;
	load_line_fn *read;
	void *arg;
	struct err *err;
	struct str rest; /* the beginning of a line whose end was not read yet */
	size_t line;
};

static int hand_on(struct reader *rd, const char *line, size_t len)
{
	rd->line++;
	return rd->read(rd->arg, line, len, rd->err) < 0
		       ? err_prefix(rd->err, "%s:%zu", rd->path, rd->line)
		       : 0;
}

static int keep_rest(struct reader *rd, const char *text, size_t len)
{
	if (rd->rest.len + len > STORED_MAX_LINE)
		return err_set(rd->err, "%s:%zu: a line of over %u MiB", rd->path, rd->line + 1,
			       STORED_MAX_LINE >> 20);
	str_addn(&rd->rest, text, len);
	return 0;
}

static int take(struct reader *rd, const char *p, size_t n)
{
	const char *end = p + n, *nl;

	while (p < end && (nl = memchr(p, '\n', (size_t)(end - p)))) {
		const char *line = p;
		size_t len = (size_t)(nl - p);

		if (rd->rest.len) {
			if (keep_rest(rd, p, len) < 0)
				return -1;
			line = rd->rest.buf;
			len = rd->rest.len;
		}
		if (hand_on(rd, line, len) < 0)
			return -1;
		str_clear(&rd->rest);
		p = nl + 1;
	}
	return keep_rest(rd, p, (size_t)(end - p));
}

/* At most `most` bytes from where fd stands; t: what counts them, or NULL. */
static int read_all(struct reader *rd, int fd, long long most, struct tally *t)
{
	char *buf = xmalloc(CHUNK);
	ssize_t n;
	int ret = 0;

	while (ret == 0 && most > 0 &&
	       (n = read(fd, buf, most < CHUNK ? (size_t)most : CHUNK)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			ret = err_sys(rd->err, "cannot read '%s'", rd->path);
			break;
		}
		most -= n;
		if (t)
			tally_add(t, buf, (size_t)n);
		ret = take(rd, buf, (size_t)n);
	}
	free(buf);
	if (ret == 0 && rd->rest.len && rd->notes)
		strv_pushf(rd->notes, "%s:%zu: the last record is cut off", rd->path, rd->line + 1);
	return ret;
}

/* What can be told before a line is read. */
static int check_size(int fd, const json_t *entry, const char *path, struct err *err)
{
	long long want = json_integer_value(json_object_get(entry, "bytes"));
	struct stat st;

	if (entry && fstat(fd, &st) == 0 && st.st_size != want)
		return err_set(err,
			       "'%s' has %lld bytes, and was stored with %lld: see mlocklab fsck",
			       path, (long long)st.st_size, want);
	return 0;
}

/* Runs of format 1 tell how many samples there were, and no more. */
static int check_count(const struct run_boot *b, const char *file, const struct tally *t,
		       const char *path, struct err *err)
{
	if (strcmp(file, "samples.jsonl") != 0 || b->samples < 0 || t->lines == b->samples)
		return 0;
	return err_set(err, "'%s' has %lld lines, and boot.json tells of %lld samples", path,
		       t->lines, b->samples);
}

struct file_part file_part_next(struct file_part *next, size_t len)
{
	struct file_part here = {next->from, next->from + (long long)len + 1, next->lines};

	next->from = here.to;
	next->lines++;
	return here;
}

void file_part_add(struct file_part *all, const struct file_part *part)
{
	if (!all->to || part->from < all->from) {
		all->from = part->from;
		all->lines = part->lines;
	}
	if (part->to > all->to)
		all->to = part->to;
}

bool load_has_file(const struct run *r, const struct run_boot *b, const char *file)
{
	char *name = stored_name(b->n, file), *path = xasprintf("%s/%s", r->path, name);
	bool has = json_object_get(b->files, file) || fs_exists(path);

	free(path);
	free(name);
	return has;
}

int load_lines(const struct run *r, const struct run_boot *b, const char *file, struct strv *notes,
	       load_line_fn *read, void *arg, struct err *err)
{
	char *name = stored_name(b->n, file), *path = xasprintf("%s/%s", r->path, name);
	struct reader rd = {.path = path, .notes = notes, .read = read, .arg = arg, .err = err};
	const json_t *entry = json_object_get(b->files, file);
	int fd = fs_open_in(r->path, name, STORED_MAX_BYTES, err), ret = -1;
	struct tally t;

	tally_begin(&t);
	if (fd >= 0 && b->files && !entry)
		err_set(err, "'%s' is not among the 'files' of its boot.json", path);
	else if (fd >= 0 && check_size(fd, entry, path, err) == 0)
		ret = read_all(&rd, fd, STORED_MAX_BYTES, &t);
	if (ret == 0)
		ret = entry ? tally_check(&t, entry, path, err)
			    : check_count(b, file, &t, path, err);
	if (fd >= 0)
		close(fd);
	str_release(&rd.rest);
	free(path);
	free(name);
	return ret;
}

int load_lines_between(const struct run *r, const struct run_boot *b, const char *file,
		       const struct file_part *part, load_line_fn *read, void *arg, struct err *err)
{
	char *name = stored_name(b->n, file), *path = xasprintf("%s/%s", r->path, name);
	struct reader rd = {
		.path = path, .read = read, .arg = arg, .err = err, .line = part->lines};
	int fd = fs_open_in(r->path, name, STORED_MAX_BYTES, err), ret = -1;

	if (fd >= 0 && lseek(fd, part->from, SEEK_SET) < 0)
		err_sys(err, "cannot read '%s'", path);
	else if (fd >= 0 && check_size(fd, json_object_get(b->files, file), path, err) == 0)
		ret = read_all(&rd, fd, part->to - part->from, NULL);
	if (fd >= 0)
		close(fd);
	str_release(&rd.rest);
	free(path);
	free(name);
	return ret;
}
