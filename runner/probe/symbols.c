#include "runner/probe/symbols.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/str.h"
#include "runner/boot/boot.h"
#include "runner/kernels/cache.h"
#include "lib/paths.h"

/* Seconds of silence after which the guest is given up; it sends some megabytes. */
#define SILENCE 60

/* Runs the boot to its end. */
static void run(struct boot *b)
{
	while (b->fd >= 0) {
		struct pollfd p = {.fd = b->fd, .events = POLLIN};

		if (poll(&p, 1, 1000) > 0)
			boot_pump(b);
		boot_check(b);
	}
}

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

static int boot_for_symbols(const struct kernel *k, const struct target *t, char *dir,
			    struct str *out, struct err *err)
{
	struct planned_boot planned = {.kind = BOOT_SYMBOLS, .n = 1};
	struct arm arm = {.name = (char *)"symbols", .spec = k->spec, .cmdline = (char *)""};
	struct experiment e = {.watchdog = SILENCE, .arms = &arm, .narms = 1};
	char *bench = paths_program("mlockbench"), *init = paths_program("guest-init");
	struct target small = *t;
	struct boot_job job = {.e = &e,
			       .target = &small,
			       .planned = &planned,
			       .kernel = k,
			       .cmdline = "",
			       .bench = bench,
			       .init = init};
	struct boot b;
	int ret;

	small.kind = TARGET_TCG;
	small.cpus = small.nodes = 1;
	small.memory_mib = 512;
	ret = boot_start(&b, &job, xstrdup(dir), err);
	if (ret == 0) {
		run(&b);
		ret = boot_finish(&b, err);
		if (ret == 0 && b.outcome != BOOT_OK)
			ret = err_set(err, "the boot that asks the kernel for them: %s", b.detail);
		if (ret == 0)
			ret = collect(dir, out, err);
		boot_release(&b);
	}
	free(bench);
	free(init);
	return ret;
}

static int ask(const struct kernel *k, const struct target *t, const char *path, struct err *err)
{
	char *dir = paths_scratch("symbols", err);
	struct str text = STR_INIT;
	struct err ignored;
	int ret;

	if (!dir)
		return -1;
	fprintf(stderr, "%s: asking the kernel for its symbols, which is done once\n", k->spec);
	ret = boot_for_symbols(k, t, dir, &text, err);
	if (ret == 0)
		ret = fs_write_atomic(path, text.buf, text.len, err);
	str_release(&text);
	fs_remove_tree(dir, &ignored);
	free(dir);
	return ret;
}

char *kernel_symbols(const struct kernel *k, const struct target *t, struct err *err)
{
	char *cache, *dir, *path;

	if (k->system_map && kernel_map_is_real(k->system_map))
		return xstrdup(k->system_map);
	cache = paths_cache();
	dir = xasprintf("%s/symbols", cache);
	path = xasprintf("%s/%s.map", dir, k->sha256);
	if (!fs_exists(path) && (fs_mkdirs(dir, err) < 0 || ask(k, t, path, err) < 0)) {
		free(path);
		path = NULL;
	}
	free(cache);
	free(dir);
	return path;
}
