/* mlocklab qemu: the QEMU at hand, and a newer one for the cache. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/paths.h"
#include "runner/qemu/cache.h"
#include "runner/qemu/fetch.h"
#include "runner/probe/qemu.h"

static const char usage_text[] =
	"usage: mlocklab qemu\n"
	"       mlocklab qemu fetch [--mirror URI]\n"
	"\n"
	"Says which QEMUs there are, or fetches Debian's newest stable one into the cache\n"
	"with the libraries it needs, without root and without installing anything.\n"
	"'mlocklab run --qemu cached' then uses it.\n"
	"\n"
	"  --mirror URI  Debian mirror instead of this machine's own\n"
	"  --help        this text\n";

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

	if (!version) {
		fprintf(stderr, "mlocklab qemu: %s\n", err.text);
		return EXIT_USAGE;
	}
	printf("QEMU %s is cached; 'mlocklab run --qemu cached' uses it\n", version);
	free(version);
	return EXIT_OK;
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {{"mirror", required_argument, NULL, 'm'},
					      {"help", no_argument, NULL, 'h'},
					      {0}};
	char *cache = paths_cache(), *config = paths_config("kernel/debian.ini");
	struct kernel_opts o = {.cache = cache, .config = config};
	int c, ret = EXIT_USAGE;

	while ((c = getopt_long(argc, argv, "h", longs, NULL)) != -1) {
		if (c != 'm') {
			fputs(usage_text, c == 'h' ? stdout : stderr);
			return c == 'h' ? EXIT_OK : EXIT_USAGE;
		}
		o.mirror = optarg;
		o.update = true;
	}
	if (optind == argc) {
		say("installed", NULL);
		say("cached", "cached");
		ret = EXIT_OK;
	} else if (optind + 1 == argc && strcmp(argv[optind], "fetch") == 0) {
		ret = fetch(&o);
	} else {
		fputs(usage_text, stderr);
	}
	free(cache);
	free(config);
	return ret;
}
