/* A comparison in the formats that people and other tools read: one small writer each. */
#ifndef ANALYSIS_WRITE_EXPORT_H
#define ANALYSIS_WRITE_EXPORT_H

#include "analysis/judge/compare.h"

struct export_opts {
	bool all; /* also the secondary metrics and the counters, where a format shows a choice */
};

/* Appends the comparison to out. -1 where the format cannot hold it, with why in err. */
typedef int export_fn(const struct comparison *c, const struct export_opts *o, struct str *out,
		      struct err *err);

struct exporter {
	const char *name, *help;
	export_fn *write;
};
extern const struct exporter exporters[]; /* ends with a NULL name */
/* The exporter of that name, or NULL. */
const struct exporter *export_find(const char *name);

export_fn export_text, export_lkml, export_markdown, export_json, export_csv, export_gobench,
	export_openmetrics, export_ktap;

#endif
