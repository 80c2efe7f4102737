/* What a boot told besides figures: what its console showed that a kernel should not do. */
#ifndef ANALYSIS_LOAD_FINDINGS_H
#define ANALYSIS_LOAD_FINDINGS_H

#include <jansson.h>
#include "analysis/load/load.h"

/*
 * The findings of a boot of a run, boot.json being `boot`: its own, and of attempts that failed
 * before it; a panic is one. Of a boot.json without the member "findings", what its detail tells.
 * *list: a new one of {"kind","text"}, or NULL where there are none. -1 where the boot.json of an
 * attempt is not as it was stored.
 */
int load_findings(const struct run *r, const struct run_boot *b, const json_t *boot, json_t **list,
		  struct err *err);
/* How many attempts before that of the boot its boot.json counts, and nobody kept. */
int load_attempts_gone(const struct run *r, const struct run_boot *b);

#endif
