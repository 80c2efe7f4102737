#include "lib/json.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/fs.h"

/* jansson leaves out, without a word, what it has no memory for: as all else here it ends the program. */
__attribute__((constructor)) static void take_memory(void)
{
	json_set_alloc_funcs(xmalloc, free);
}

static json_t *parse(const struct str *text, const char *path, struct err *err)
{
	json_error_t je;
	json_t *o = json_loadb(str_text(text), text->len, JSON_REJECT_DUPLICATES, &je);

	if (!o) {
		err_set(err, "%s:%d:%d: not JSON: %s", path, je.line, je.column, je.text);
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
