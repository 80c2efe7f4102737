#include "runner/run/calibrated.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fs.h"
#include "lib/json.h"

static bool same_text(const json_t *a, const json_t *b, const char *key)
{
	return strcmp(json_get_str(a, key, ""), json_get_str(b, key, "")) == 0;
}

static bool holds(const json_t *c, const json_t *target, const json_t *host)
{
	static const char *const sizes[] = {"cpus", "nodes", "memory_mib", "ns_per_insn"};
	const json_t *t = json_object_get(c, "target");

	if (json_get_int(c, "format", 0) != 1 || !same_text(t, target, "kind"))
		return false;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++)
		if (json_get_int(t, sizes[i], 0) != json_get_int(target, sizes[i], 0))
			return false;
	if (!same_text(json_object_get(t, "qemu"), json_object_get(target, "qemu"), "sha256"))
		return false;
	return strcmp(json_get_str(target, "kind", ""), "icount") == 0 ||
	       same_text(json_object_get(c, "host"), host, "cpu");
}

json_t *calibrated_find(const char *dir, const json_t *target, const json_t *host)
{
	DIR *d = opendir(dir);
	json_t *best = NULL;
	struct dirent *entry;

	while (d && (entry = readdir(d))) {
		char *path = xasprintf("%s/%s/calibration.json", dir, entry->d_name);
		struct err ignored;
		json_t *c = fs_exists(path) ? json_read(path, &ignored) : NULL;

		free(path);
		if (!holds(c, target, host) ||
		    (best && strcmp(json_get_str(c, "created", ""),
				    json_get_str(best, "created", "")) <= 0)) {
			json_decref(c);
			continue;
		}
		json_decref(best);
		best = c;
	}
	if (d)
		closedir(d);
	return best;
}
