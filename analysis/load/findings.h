/* What a boot told besides figures: what its console showed that a kernel should not do. */
#ifndef ANALYSIS_LOAD_FINDINGS_H
#define ANALYSIS_LOAD_FINDINGS_H

#include <jansson.h>

/*
 * The findings of boot n of a run, boot.json being `boot`: its own, and of starts that failed before
 * it; a panic is one. Of a boot.json without the member "findings", what its detail tells. A new list
 * of {"kind","text"}, or NULL where there are none.
 */
json_t *load_findings(const char *run, int n, int attempts, const json_t *boot);

#endif
