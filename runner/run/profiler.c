#include "runner/run/profiler.h"

#include <stdio.h>
#include <stdlib.h>
#include "lib/fs.h"
#include "runner/probe/symbols.h"
#include "lib/paths.h"

int profiler_api(const char *qemu_version, struct err *err)
{
	int major = 0, minor = 0;

	if (sscanf(qemu_version, "%d.%d", &major, &minor) != 2 || major < 6)
		return err_set(err,
			       "QEMU %s takes no plugins: profiles need 6.0 or later, built with "
			       "plugins",
			       qemu_version);
	if (major < 9)
		return 1;
	return major == 9 && minor == 0 ? 2 : 3;
}

static char *find_symbols(const struct kernel *k, const struct target *t)
{
	struct err err;
	char *path = kernel_symbols(k, t, &err);

	if (!path)
		fprintf(stderr, "%s: no symbols, its profile goes by address: %s\n", k->spec,
			err.text);
	return path;
}

int profiler_prepare(struct profiler *p, const struct target *t, const struct kernel *kernels,
		     size_t n, struct err *err)
{
	char *name;
	int api;

	*p = (struct profiler){.n = n};
	if (t->kind != TARGET_ICOUNT)
		return err_set(err,
			       "profile counts instructions one by one: it takes target=icount, "
			       "not %s",
			       target_kind_name(t->kind));
	api = profiler_api(t->qemu_version, err);
	if (api < 0)
		return -1;
	name = xasprintf("plugin/profile-api%d.so", api);
	p->plugin = paths_program(name);
	free(name);
	if (!fs_exists(p->plugin)) {
		err_set(err, "the profiler '%s' is not there: run 'make'", p->plugin);
		free(p->plugin);
		p->plugin = NULL;
		return -1;
	}
	p->symbols = xcalloc(n, sizeof(*p->symbols));
	for (size_t i = 0; i < n; i++)
		p->symbols[i] = find_symbols(&kernels[i], t);
	return 0;
}
