/* The configuration of a kernel that is to be built. */
#ifndef RUNNER_KERNELS_CONFIGURE_H
#define RUNNER_KERNELS_CONFIGURE_H

#include "lib/err.h"
#include "lib/str.h"
#include "runner/kernels/make.h"

/* How a kernel is built, whatever it is built from. */
struct kernel_recipe {
	char *config;	       /* a .config of the user's; NULL: tinyconfig and configs/kernel/base.config */
	struct strv fragments; /* files of CONFIG_ lines that the user wants beside it, the later winning */
	int jobs;	       /* 0: one a CPU */
};

/* Takes both as a user names files; a recipe owns what is in it. */
void kernel_recipe_set(struct kernel_recipe *r, const char *config, const struct strv *fragments);
void kernel_recipe_release(struct kernel_recipe *r);

/*
 * Makes OUT/.config by the kernel's own olddefconfig, with what a guest needs
 * (configs/kernel/guest.config); says on stderr which such lines a .config of the user's did not
 * have. A line of a fragment, or one a guest needs, that the kernel does not take is an error.
 * config, where not NULL, gets the whole of it.
 */
int kernel_configure(struct kernel_make *m, const struct kernel_recipe *r, struct str *config,
		     struct err *err);

/* Everything that the configuration comes from, as one text: equal texts give equal configurations
 * of one tree. */
int kernel_recipe_text(const struct kernel_recipe *r, struct str *out, struct err *err);

/*
 * What of a fragment a configuration does not have as asked: "CONFIG_LOCK_STAT=y" a line each,
 * appended to missing. Options that the kernel does not know are missing too.
 */
void kernel_config_missing(const char *fragment, const char *config, struct strv *missing);
/* The lines in which two configurations differ, "CONFIG_X: y, was n" each, appended. */
void kernel_config_differ(const char *was, const char *is, struct strv *differ);

#endif
