/* A kernel that was found, and what finding one takes. */
#ifndef RUNNER_KERNELS_KERNEL_H
#define RUNNER_KERNELS_KERNEL_H

#include <jansson.h>
#include <stdbool.h>
#include "lib/err.h"

struct kernel {
	char *spec;	   /* as given: "debian:6.1" */
	char *image;	   /* path of the vmlinuz; NULL where only the running kernel is known */
	char *config;	   /* path of its .config, or NULL */
	char *system_map;  /* path of a System.map with real addresses, or NULL */
	char *modules;	   /* directory that holds lib/modules/RELEASE, or NULL */
	char *release;	   /* "6.1.0-56-cloud-amd64" */
	char *uts_version; /* "#1 SMP PREEMPT_DYNAMIC Debian ...": uname -v, or NULL: it does not
			      say */
	char *build_id;	   /* of the running kernel, from its ELF notes; else NULL */
	char *package;	   /* "linux-image-6.1.0-56-cloud-amd64", or NULL */
	char *version;	   /* "6.1.192-2", or NULL */
	char sha256[65];   /* of the image; without one of what else identifies the kernel */
	json_t *git;	   /* git_commit_json() of what it was built from, or NULL */
	bool running;	   /* spec "running": the kernel of this machine, for target host */
};

void kernel_release(struct kernel *k);

/* Takes release and uts_version from k->image. */
int kernel_identify(struct kernel *k, struct err *err);

/*
 * Whether a kernel that says so of itself (uname -r, uname -v) is this one. 0, or -1 with both in
 * err.
 */
int kernel_is(const struct kernel *k, const char *release, const char *uts_version,
	      struct err *err);

struct kernel_recipe;

struct kernel_opts {
	const char *cache;  /* cache directory */
	const char *config; /* configs/kernel/debian.ini: the suites to look in */
	const char *mirror; /* base URI to use instead of the host's own, or NULL */
	bool update;	    /* ask the mirror even where the cache already has an answer */
	bool cached;	    /* neither fetch nor build: -1 where the cache has none */
	bool quiet;
	bool modules;	  /* of what is built all its modules, for a machine that boots it */
	const char *tree; /* of git:REV; NULL: git_default_tree() */
	const struct kernel_recipe
		*recipe; /* of git:REV where the spec says nothing; NULL: tinyconfig */
};

#endif
