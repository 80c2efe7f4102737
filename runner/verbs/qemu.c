/* mlocklab qemu: the QEMU at hand, and a newer one for the cache. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/options.h"
#include "lib/paths.h"
#include "runner/qemu/cache.h"
#include "runner/qemu/fetch.h"
#include "runner/qemu/find.h"

struct options {
	const char *mirror;
};

static const struct opt opts[] = {
	OPT_TEXT("mirror", "URI", NULL, offsetof(struct options, mirror),
		 "Debian mirror instead of this machine's own"),
	OPT_END,
};

static const struct command command = {
	.name = "qemu",
	.usage = "[list]\nfetch [--mirror URI]",
	.about =
		"Says which QEMUs there are, or fetches Debian's newest stable one into the cache\n"
		"with the libraries it needs, without root and without installing anything.\n"
		"'mlocklab run --qemu cached' then uses it.\n",
	.opts = opts,
	.max_words = 1,
	.words = "list|fetch",
	.want = "'list' or 'fetch' is wanted",
};

static void say(const char *label, const char *path)
{
	struct target t = {0};
	struct err err;

	if (qemu_find(&t, path, &err) == 0)
		printf("%-10s %-9s %s\n", label, t.qemu_version,
		       path ? "use it with --qemu cached" : t.qemu.v[0]);
	else
		printf("%-10s %-9s %s\n", label, "none", err.text);
	target_release(&t);
}

static int fetch(const struct kernel_opts *o)
{
	struct err err;
	char *version = qemu_fetch(o, &err);

	if (!version)
		return command_fail(&err);
	printf("QEMU %s is cached; 'mlocklab run --qemu cached' uses it\n", version);
	free(version);
	return EXIT_OK;
}

int main(int argc, char **argv)
{
	struct options given = {0};
	const char *what = command_parse(&command, &given, argc, argv)[0];
	char *cache = paths_cache(), *config = paths_config("kernel/debian.ini");
	struct kernel_opts o = {.cache = cache,
				.config = config,
				.mirror = given.mirror,
				.update = given.mirror != NULL};
	int ret = EXIT_OK;

	if (!what || strcmp(what, "list") == 0) {
		say("installed", NULL);
		say("cached", "cached");
	} else if (strcmp(what, "fetch") == 0) {
		ret = fetch(&o);
	} else {
		command_note("'%s': %s", what, command.want);
		ret = EXIT_USAGE;
	}
	free(cache);
	free(config);
	return ret;
}
