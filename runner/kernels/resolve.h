/* Kernel specs: from a name a user types to an image that boots. */
#ifndef RUNNER_KERNELS_RESOLVE_H
#define RUNNER_KERNELS_RESOLVE_H

#include <stdbool.h>
#include "lib/err.h"

struct kernel {
	char *spec;       /* as given: "debian:6.1" */
	char *image;      /* path of the vmlinuz */
	char *config;     /* path of its .config, or NULL */
	char *system_map; /* path of a System.map with real addresses, or NULL */
	char *modules;    /* directory that holds lib/modules/RELEASE, or NULL */
	char *release;    /* "6.1.0-56-cloud-amd64", or NULL where only a boot will tell */
	char *package;    /* "linux-image-6.1.0-56-cloud-amd64", or NULL */
	char *version;    /* "6.1.192-2", or NULL */
	char sha256[65];  /* of the image */
	bool running;     /* spec "running": the kernel of this machine, for target host */
};

struct kernel_opts {
	const char *cache;  /* cache directory */
	const char *config; /* configs/kernel/debian.ini: the suites to look in */
	const char *mirror; /* base URI to use instead of the host's own, or NULL */
	bool update;        /* ask the mirror even where the cache already has an answer */
	bool quiet;
};

/*
 * Resolves debian:VERSION[/FLAVOUR] (fetching it when the cache has none), deb:FILE,
 * image:FILE[,config=FILE][,modules=DIR][,map=FILE], built:NAME
 * (kernel-build.h) and running. A cached image is checked against
 * its recorded SHA-256 first. k is empty on failure.
 */
int kernel_resolve(struct kernel *k, const char *spec, const struct kernel_opts *opts,
		   struct err *err);
void kernel_release(struct kernel *k);

#endif
