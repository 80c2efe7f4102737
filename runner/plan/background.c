#include "runner/plan/background.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/verb.h"

#define SCHEME "fio:"

/* Or it would leave the directory it stands in. */
static bool is_below(const char *path)
{
	struct strv parts = STRV_INIT;
	bool below = *path && *path != '/';

	strv_split(&parts, path, "/");
	for (size_t i = 0; i < parts.n; i++)
		below &= strcmp(parts.v[i], "..") != 0;
	strv_release(&parts);
	return below;
}

/* A path beside another file; a new string. */
static char *beside(const char *file, const char *path)
{
	const char *slash = strrchr(file, '/');

	return slash ? xasprintf("%.*s/%s", (int)(slash - file), file, path) : xstrdup(path);
}

static int read_stored(const char *run, const char *file, struct str *text, struct err *err)
{
	json_t *o = json_read_in(run, "run.json", err);
	const char *stored = json_get_str(
		json_object_get(json_object_get(o, "experiment"), "files"), file, NULL);
	int ret = !o	   ? -1
		  : stored ? 0
			   : err_set(err, "'%s/run.json' holds no file '%s'", run, file);

	if (stored)
		str_add(text, stored);
	json_decref(o);
	return ret;
}

static int read_beside(const char *experiment, const char *file, struct str *text, struct err *err)
{
	char *path = beside(experiment, file);
	int ret = fs_read(path, text, err);

	free(path);
	return ret;
}

int background_read(json_t *files, const json_t *params, const char *experiment, struct err *err)
{
	const char *value = json_get_str(params, "background", "none"), *file;
	const char *run = verb_files_of();
	struct str text = STR_INIT;
	int ret;

	if (strcmp(value, "none") == 0)
		return 0;
	file = value + strlen(SCHEME);
	if (strncmp(value, SCHEME, strlen(SCHEME)) != 0 || !is_below(file))
		return err_set(err,
			       "background=%s: none, or fio: and a job file below the experiment's "
			       "directory",
			       value);
	if (json_object_get(files, file))
		return 0;
	ret = run ? read_stored(run, file, &text, err) : read_beside(experiment, file, &text, err);
	if (ret == 0 && json_object_set_new(files, file, json_string(str_text(&text))) < 0)
		ret = err_set(err, "'%s' is not UTF-8: write it so", file);
	if (ret < 0)
		err_prefix(err, "background=%s", value);
	str_release(&text);
	return ret;
}

int background_restore(json_t *files, const json_t *stored, struct err *err)
{
	const char *name;
	json_t *text;

	json_object_foreach((json_t *)stored, name, text)
		if (!is_below(name) || !json_is_string(text))
			return err_set(
				err,
				"run.json has '%s' in its files: a path below a directory, and "
				"its text",
				name);
	return stored ? json_object_update(files, (json_t *)stored) : 0;
}

static int write_one(const char *path, const char *text, struct err *err)
{
	char *dir = xstrndup(path, (size_t)(strrchr(path, '/') - path));
	int ret = fs_mkdirs(dir, err);

	free(dir);
	return ret < 0 ? ret : fs_write_atomic(path, text, strlen(text), err);
}

int background_write(const json_t *files, const char *dir, struct err *err)
{
	const char *name;
	json_t *text;
	int ret = 0;

	json_object_foreach((json_t *)files, name, text) {
		char *path = xasprintf("%s/%s", dir, name);

		if (ret == 0)
			ret = write_one(path, json_string_value(text), err);
		free(path);
	}
	return ret;
}
