/*
 * Where things are: in a source tree, the directory above build/ that holds configs/; or when
 * installed, where all programs lie in one directory and share/ there leads to the data
 * (install.mk). Found from the running executable, so that an installation can be moved; every
 * string returned is new and owned by the caller, and none need exist. Where HOME is wanted and not
 * set, the program ends with a message.
 */
#ifndef LIB_PATHS_H
#define LIB_PATHS_H

#include "lib/err.h"

/* $MLOCKLAB_CACHE, else TOP/cache in a source tree, else $XDG_CACHE_HOME/mlocklab (~/.cache). */
char *paths_cache(void);
/* TOP/results in a source tree, else $XDG_DATA_HOME/mlocklab/results (~/.local/share). */
char *paths_results(void);
/* The file NAME of configs/, or with "" the directory itself. */
char *paths_config(const char *name);
/* A file as a user names it: configs/NAME, where that is not below here, is paths_config(NAME). */
char *paths_named(const char *file);
/* The directory of the programs mlocklab-VERB. */
char *paths_libexec(void);
/* The directory of the manual pages mlocklab-VERB.1, which man may not know of: bin/ need not be in
 * PATH. */
char *paths_manuals(void);
/* A program that is built beside the verbs: "mlockbench", "guest-init". */
char *paths_program(const char *name);

/*
 * The pure part, which a test can ask: paths as seen by an executable at exe. top is set to the
 * source tree or to NULL, home to the directory of installed programs or to NULL; at most one is
 * set.
 */
void paths_locate(const char *exe, char **top, char **home);

#endif
