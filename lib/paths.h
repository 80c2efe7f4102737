/*
 * Where things are, in a source tree (the directory above build/ that holds configs/) and when
 * installed (PREFIX/bin, PREFIX/libexec/mlocklab, PREFIX/share/mlocklab/configs). Found from the
 * running executable; every string returned is new and owned by the caller, and none need exist.
 */
#ifndef LIB_PATHS_H
#define LIB_PATHS_H

/* $MLOCKLAB_CACHE, else TOP/cache in a source tree, else $XDG_CACHE_HOME/mlocklab (~/.cache). */
char *paths_cache(void);
/* TOP/results in a source tree, else ./results. */
char *paths_results(void);
/* The file NAME of configs/. */
char *paths_config(const char *name);
/* The directory of the programs mlocklab-VERB. */
char *paths_libexec(void);
/* A program that is built beside the verbs: "mlockbench", "guest-init". */
char *paths_program(const char *name);

/*
 * The pure part, which a test can ask: paths as seen by an executable at exe. top is set to the
 * source tree or to NULL, prefix to the installation or to NULL; at most one is set.
 */
void paths_locate(const char *exe, char **top, char **prefix);

#endif
