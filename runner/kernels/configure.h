/* The configuration of a kernel that is to be built. */
#ifndef RUNNER_KERNELS_CONFIGURE_H
#define RUNNER_KERNELS_CONFIGURE_H

#include "lib/err.h"
#include "lib/options.h"
#include "lib/str.h"
#include "runner/kernels/git.h"
#include "runner/kernels/make.h"

/* How a kernel is built, whatever it is built from. */
struct kernel_recipe {
	char *config; /* a .config of the user's; NULL: tinyconfig and configs/kernel/base.config */
	struct strv fragments; /* files of CONFIG_ lines that the user wants beside it, the later
				  winning */
	int jobs;	       /* 0: one a CPU */
	bool some_may_lack;    /* kernel_recipe_for_range() was asked */
	struct strv
		job; /* words that the compilation is started with, elsewhere: srun's; none: here */
};

/* Takes both as a user names files; a recipe owns what is in it. */
void kernel_recipe_set(struct kernel_recipe *r, const char *config, const struct strv *fragments);
void kernel_recipe_release(struct kernel_recipe *r);
/*
 * The recipe is for all commits of a range: what one of them does not take of a fragment (the
 * option that the series brings) is left out of its configuration. -1 where a fragment wants an
 * option that neither end of the range has.
 */
int kernel_recipe_for_range(struct kernel_recipe *r, const struct git *g, const char *base,
			    const char *tip, struct err *err);
/* What the fragments ask for and a configuration does not have: kernel_config_missing() of each. */
int kernel_recipe_missing(const struct kernel_recipe *r, const char *config, struct strv *missing,
			  struct err *err);
/* Appends the options of `mlocklab run` that mean the same configuration. */
void kernel_recipe_argv(const struct kernel_recipe *r, struct strv *argv);

/* What a verb is told of the user's tree; all texts belong to argv. */
struct tree_options {
	const char *dir, *config; /* NULL: git_default_tree(), no .config of the user's */
	struct strv fragments;
	int jobs;
};
/* Its options, FIELD being a struct tree_options in the verb's STRUCT. */
#define OPT_TREE(STRUCT, FIELD)                                                                    \
	OPT_TEXT("tree", "DIR", OFFER_DIR, offsetof(STRUCT, FIELD.dir),                            \
		 "the tree, which is only read (default: $MLOCKLAB_TREE, else the current "        \
		 "directory)"),                                                                    \
		OPT_TEXT("config", "FILE", OFFER_FILE, offsetof(STRUCT, FIELD.config),             \
			 "its configuration (default: tinyconfig with "                            \
			 "configs/kernel/base.config)"),                                           \
		OPT_LIST("fragment", "FILE", OFFER_FILE, offsetof(STRUCT, FIELD.fragments),        \
			 "more CONFIG_ lines for it; may be repeated"),                            \
		OPT_INT("jobs", "N", 1, 1024, offsetof(STRUCT, FIELD.jobs),                        \
			"compilers to run at a time (default: one a CPU)")

/*
 * Makes OUT/.config by the kernel's own olddefconfig, with what a guest needs
 * (configs/kernel/guest.config); says on stderr which such lines a .config of the user's did not
 * have. A line that a guest needs, or one of a fragment, that the kernel does not take is an error,
 * the latter unless some_may_lack.
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
