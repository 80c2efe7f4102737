/* What lies beside the running program, found from its own path. */
#ifndef ANALYSIS_BESIDE_H
#define ANALYSIS_BESIDE_H

/* The program that owns a verb: it is in the same directory. A new string. */
char *beside_verb(const char *name);
/* results/ of the source tree whose build/libexec holds this program, else ./results. A new string. */
char *beside_results(void);

#endif
