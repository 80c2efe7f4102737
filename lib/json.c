#include "lib/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/fs.h"

/* jansson leaves out, without a word, what it has no memory for: as all else here it ends the
 * program. */
__attribute__((constructor)) static void take_memory(void)
{
	json_set_alloc_funcs(xmalloc, free);
}

/* Deeper than jansson goes itself. */
#define DEEPEST 4096

/*
 * Bytes that jansson takes for a text, from above: what mallinfo() tells of 100000 values of each
 * kind with jansson 2.14. A text that is no JSON may count wrong, and is refused by one or the
 * other.
 */
static size_t cost(const char *text, size_t len)
{
	enum { OBJECT = 248, LIST = 152, TEXT = 88, NUMBER = 32, PLACE = 12 };
	bool in_list[DEEPEST] = {false}, value = false;
	const char *end = text + len;
	size_t all = 0, depth = 0;

	for (const char *p = text; p < end; p++) {
		if (*p == '{' || *p == '[') {
			all += *p == '{' ? OBJECT : LIST;
			depth += depth < DEEPEST - 1;
			in_list[depth] = *p == '[';
		} else if (*p == '}' || *p == ']') {
			depth -= depth > 0;
		} else if (*p == ',' && in_list[depth]) {
			all += PLACE;
		} else if (*p == '"') {
			const char *from = p++;

			while (p < end && *p != '"')
				p += 1 + (*p == '\\');
			all += TEXT + (size_t)(p - from);
			if (p >= end) /* a text that does not end */
				break;
		} else if (value && (*p == '-' || (*p >= '0' && *p <= '9'))) {
			all += NUMBER;
		}
		value = strchr(":,[ \n\t\r", *p) && *p;
	}
	return all;
}

json_t *json_of(const char *text, size_t len, size_t flags, json_error_t *je)
{
	json_error_t ignored = {0};

	je = je ? je : &ignored;
	if (cost(text, len) > JSON_MAX_TIMES * len + JSON_MAX_OVER) {
		*je = (json_error_t){.line = -1};
		snprintf(je->text, sizeof(je->text),
			 "its %zu bytes of JSON stand for over %d times as much memory", len,
			 JSON_MAX_TIMES);
		return NULL;
	}
	return json_loadb(text, len, flags, je);
}

int json_why(const json_error_t *je, struct err *err)
{
	return err_set(err, "%s%s", je->line < 0 ? "" : "not JSON: ", je->text);
}

static json_t *parse(const struct str *text, const char *path, struct err *err)
{
	json_error_t je;
	json_t *o = json_of(str_text(text), text->len, JSON_REJECT_DUPLICATES, &je);

	if (!o) {
		json_why(&je, err);
		if (je.line < 0)
			err_prefix(err, "%s", path);
		else
			err_prefix(err, "%s:%d:%d", path, je.line, je.column);
	} else if (!json_is_object(o)) {
		err_set(err, "%s: holds no JSON object", path);
		json_decref(o);
		o = NULL;
	}
	return o;
}

json_t *json_read(const char *path, struct err *err)
{
	struct str text = STR_INIT;
	json_t *o = fs_read(path, &text, err) < 0 ? NULL : parse(&text, path, err);

	str_release(&text);
	return o;
}

json_t *json_read_in(const char *dir, const char *name, struct err *err)
{
	char *path = xasprintf("%s/%s", dir, name);
	int fd = fs_open_in(dir, name, JSON_MAX_BYTES, err);
	struct str text = STR_INIT;
	json_t *o = NULL;

	if (fd >= 0 && fs_read_fd(fd, &text) < 0)
		err_sys(err, "cannot read '%s'", path);
	else if (fd >= 0)
		o = parse(&text, path, err);
	if (fd >= 0)
		close(fd);
	str_release(&text);
	free(path);
	return o;
}

int json_write(const char *path, const json_t *o, struct err *err)
{
	char *text = json_dumps(o, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	struct str s = STR_INIT;
	int ret;

	if (!text)
		return err_set(err, "cannot write '%s': a text in it is not UTF-8", path);
	str_addf(&s, "%s\n", text);
	free(text);
	ret = fs_write_atomic(path, s.buf, s.len, err);
	str_release(&s);
	return ret;
}

char *json_line(const json_t *o)
{
	char *text = json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(15));

	return text ? text : xstrdup("{}");
}

const char *json_get_str(const json_t *o, const char *key, const char *fallback)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : fallback;
}

double json_get_num(const json_t *o, const char *key, double fallback)
{
	const json_t *v = json_object_get(o, key);

	return json_is_number(v) ? json_number_value(v) : fallback;
}

long long json_get_int(const json_t *o, const char *key, long long fallback)
{
	const json_t *v = json_object_get(o, key);

	return json_is_integer(v) ? json_integer_value(v) : fallback;
}

int json_get_bool(const json_t *o, const char *key, int fallback)
{
	const json_t *v = json_object_get(o, key);

	return json_is_boolean(v) ? json_is_true(v) : fallback;
}

static bool is_printable(const char *text)
{
	char *mended = xstrdup(text);
	bool same;

	str_mend(mended);
	same = strcmp(mended, text) == 0;
	free(mended);
	return same;
}

json_t *json_finite(double v)
{
	return isfinite(v) ? json_real(v) : json_null();
}

bool json_is_printable(json_t *v)
{
	json_t *member;
	const char *key;
	size_t i;

	if (json_is_string(v))
		return is_printable(json_string_value(v));
	json_array_foreach(v, i, member)
		if (!json_is_printable(member))
			return false;
	json_object_foreach(v, key, member)
		if (!is_printable(key) || !json_is_printable(member))
			return false;
	return true;
}
