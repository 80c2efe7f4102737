/* What a boot told besides figures: what its console showed that a kernel should not do. */
#ifndef ANALYSIS_LOAD_FINDINGS_H
#define ANALYSIS_LOAD_FINDINGS_H

#include <jansson.h>
#include "analysis/load/load.h"

/* The starts that failed and were kept, "003.failed-1": those of all boots of a run, for
 * run.failed. */
struct index load_failed(const char *run);
/*
 * The findings of a boot of a run, boot.json being `boot`: its own, and of starts that failed
 * before it; a panic is one. A start is passed over whose boot.json is not as it was stored:
 * resuming puts such aside too. Of a boot.json without the member "findings", what its detail
 * tells. A new list of
 * {"kind","text"}, or NULL where there are none.
 */
json_t *load_findings(const struct run *r, const struct run_boot *b, const json_t *boot);
/* How many starts before that of the boot its boot.json counts, and nobody kept. */
int load_attempts_gone(const struct run *r, const struct run_boot *b);

#endif
