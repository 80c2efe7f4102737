#include "runner/qemu-cache.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include "lib/json.h"
#include "lib/paths.h"

static int by_version(const struct dirent **a, const struct dirent **b)
{
	return strverscmp((*b)->d_name, (*a)->d_name);
}

static int read_prefix(const char *path, struct strv *argv, char **binary, struct err *err)
{
	json_t *o = json_read(path, err), *v;
	size_t i;

	if (!o)
		return -1;
	json_array_foreach(json_object_get(o, "argv"), i, v)
		if (json_is_string(v))
			strv_push(argv, json_string_value(v));
	*binary = xstrdup(json_get_str(o, "binary", ""));
	json_decref(o);
	return argv->n && **binary ? 0 : err_set(err, "'%s' names no program", path);
}

int qemu_cache_prefix(struct strv *argv, char **binary, struct err *err)
{
	char *cache = paths_cache(), *dir = xasprintf("%s/qemu", cache);
	struct dirent **list;
	int n = scandir(dir, &list, NULL, by_version), ret = -1;

	err_set(err, "no QEMU in the cache: 'mlocklab qemu fetch' brings one");
	for (int i = 0; i < n; i++) {
		char *path = xasprintf("%s/%s/qemu.json", dir, list[i]->d_name);

		if (ret < 0 && list[i]->d_name[0] != '.')
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
