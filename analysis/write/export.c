#include "analysis/write/export.h"

#include <string.h>

const struct exporter exporters[] = {
	{"text", "a table of at most 75 columns", export_text},
	{"lkml", "a block to paste into a mail, at most 75 columns", export_lkml},
	{"markdown", "tables in Markdown", export_markdown},
	{"json", "everything, as report/compare.json holds it", export_json},
	{"csv", "one line a cell and metric", export_csv},
	{"gobench", "Go benchmark format, one line a boot, for benchstat -col /arm",
	 export_gobench},
	{"openmetrics", "OpenMetrics text", export_openmetrics},
	{"ktap", "KTAP, a test a cell, with figures in # lines", export_ktap},
	{NULL, NULL, NULL},
};

const struct exporter *export_find(const char *name)
{
	for (const struct exporter *e = exporters; e->name; e++)
		if (!strcmp(e->name, name))
			return e;
	return NULL;
}
