/* The words of a kernel spec, before anything is looked for. */
#ifndef RUNNER_KERNELS_SPEC_H
#define RUNNER_KERNELS_SPEC_H

#include "lib/err.h"
#include "lib/str.h"

enum kernel_spec_kind {
	SPEC_DEBIAN,
	SPEC_DEB,
	SPEC_IMAGE,
	SPEC_BUILT,
	SPEC_GIT,
	SPEC_BOOT,
	SPEC_RUNNING
};

struct kernel_spec {
	enum kernel_spec_kind kind;
	char *version, *flavour; /* debian:VERSION[/FLAVOUR]; flavour may be NULL */
	struct strv debs;	 /* deb:FILE[,FILE...] */
	char *name;		 /* built:NAME, git:[DIR@]REV, boot:RELEASE */
	struct strv fragments;	 /* git:REV[,config=FILE][,fragment=FILE]... */
	char *image, *config, *modules,
		*map; /* image:FILE[,config=FILE][,modules=DIR][,map=FILE] */
};

int kernel_spec_parse(struct kernel_spec *s, const char *text, struct err *err);
void kernel_spec_release(struct kernel_spec *s);

#endif
