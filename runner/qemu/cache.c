#include "runner/qemu/cache.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/paths.h"

static int by_version(const struct dirent **a, const struct dirent **b)
{
	return strverscmp((*b)->d_name, (*a)->d_name);
}

static int check_binary(const char *binary, const json_t *o, struct err *err)
{
	char sum[65];

	if (fs_sha256(binary, sum, err) < 0)
		return -1;
	if (strcmp(sum, json_get_str(o, "sha256", "")) == 0)
		return 0;
	return err_set(
		err,
		"cached QEMU '%s' does not have the SHA-256 that it was fetched with; remove "
		"its directory, then run: mlocklab qemu fetch",
		binary);
}

static int read_prefix(const char *path, struct strv *argv, char **binary, struct err *err)
{
	json_t *o = json_read(path, err), *v;
	size_t i;
	int ret;

	if (!o)
		return -1;
	json_array_foreach(json_object_get(o, "argv"), i, v)
		if (json_is_string(v))
			strv_push(argv, json_string_value(v));
	*binary = xstrdup(json_get_str(o, "binary", ""));
	ret = argv->n && **binary ? check_binary(*binary, o, err)
				  : err_set(err, "'%s' names no program", path);
	json_decref(o);
	return ret;
}

int qemu_cache_prefix(struct strv *argv, char **binary, struct err *err)
{
	char *cache = paths_cache(), *dir = xasprintf("%s/qemu", cache);
	struct dirent **list;
	int n = scandir(dir, &list, NULL, by_version), ret = -1;

	err_set(err, "no QEMU in the cache: 'mlocklab qemu fetch' brings one");
	for (int i = 0; i < n; i++) {
		char *path = xasprintf("%s/%s/qemu.json", dir, list[i]->d_name);

		/* the newest or none: one that was tampered with must not go unnoticed */
		if (!*binary && list[i]->d_name[0] != '.')
			ret = read_prefix(path, argv, binary, err);
		free(path);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	free(dir);
	free(cache);
	return ret;
}
