#include "runner/probe/symbols.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/sha256.h"
#include "lib/str.h"
#include "runner/kernels/cache.h"
#include "lib/paths.h"
#include "lib/scratch.h"
#include "runner/probe/once.h"

/* Seconds of silence after which the guest is given up; it sends some megabytes. */
#define SILENCE 60

/* What the guest told, from the events its boot stored. */
static int collect(const char *dir, struct str *out, struct err *err)
{
	char *path = xasprintf("%s/events.jsonl", dir), *line = NULL;
	FILE *f = fopen(path, "re");
	size_t cap = 0;

	free(path);
	if (!f)
		return err_sys(err, "cannot read what the guest sent");
	while (getline(&line, &cap, f) > 0) {
		json_t *o = json_loads(line, 0, NULL);

		if (strcmp(json_get_str(o, "t", ""), "symbols") == 0)
			str_add(out, json_get_str(o, "text", ""));
		json_decref(o);
	}
	free(line);
	fclose(f);
	return out->len ? 0 : err_set(err, "the kernel has no /proc/kallsyms (CONFIG_KALLSYMS)");
}

static int boot_for_symbols(const struct kernel *k, const struct target *t, const char *dir,
			    struct str *out, struct err *err)
{
	struct target small = *t;
	struct once once = {
		.kind = BOOT_SYMBOLS, .target = &small, .kernel = k, .silence = SILENCE};

	small.kind = TARGET_TCG;
	small.cpus = small.nodes = 1;
	small.memory_mib = 512;
	small.place = (struct place){0};
	if (boot_once(&once, dir, err) < 0)
		return err_prefix(err, "the boot that asks the kernel for them");
	return collect(dir, out, err);
}

char *kernel_symbols_cached(const char *dir, const char *image_sha256)
{
	char *pattern = xasprintf("%s/%s-*.map", dir, image_sha256), *found = NULL;
	glob_t g = {0};

	glob(pattern, 0, NULL, &g);
	for (size_t i = 0; !found && i < g.gl_pathc; i++) {
		const char *named = strrchr(g.gl_pathv[i], '-') + 1;
		char sum[65];
		struct err err;

		if (fs_sha256(g.gl_pathv[i], sum, &err) == 0 && strncmp(named, sum, 64) == 0)
			found = xstrdup(g.gl_pathv[i]);
		else
			fprintf(stderr, "'%s' is not as it was written, and is made again\n",
				g.gl_pathv[i]);
	}
	globfree(&g);
	free(pattern);
	return found;
}

/* Asks the kernel; the path of the map that was cached, a new string, or NULL. */
static char *ask(const struct kernel *k, const struct target *t, const char *dir, struct err *err)
{
	char *scratch = scratch_make("symbols", err), *path = NULL, sum[65];
	struct str text = STR_INIT;
	struct sha256_ctx ctx;

	if (!scratch)
		return NULL;
	fprintf(stderr, "%s: asking the kernel for its symbols, which is done once\n", k->spec);
	if (boot_for_symbols(k, t, scratch, &text, err) == 0 && fs_mkdirs(dir, err) == 0) {
		sha256_init(&ctx);
		sha256_update(&ctx, text.len, (const uint8_t *)text.buf);
		sha256_hex(&ctx, sum);
		path = xasprintf("%s/%s-%s.map", dir, k->sha256, sum);
		if (fs_write_atomic(path, text.buf, text.len, err) < 0) {
			free(path);
			path = NULL;
		}
	}
	str_release(&text);
	scratch_remove(scratch);
	return path;
}

char *kernel_symbols(const struct kernel *k, const struct target *t, struct err *err)
{
	char *cache, *dir, *path;

	if (k->system_map && kernel_map_is_real(k->system_map))
		return xstrdup(k->system_map);
	cache = paths_cache();
	dir = xasprintf("%s/symbols", cache);
	path = kernel_symbols_cached(dir, k->sha256);
	if (!path)
		path = ask(k, t, dir, err);
	free(cache);
	free(dir);
	return path;
}
