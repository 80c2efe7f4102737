#include <stdio.h>
#include <stdlib.h>
#include "analysis/report/patches.h"
#include "lib/fs.h"
#include "lib/stored.h"
#include "lib/verb.h"

void report_patches_job(const struct run_cell *c, size_t n, struct str *out)
{
	str_addf(out, "[job%zu]\nworkload=%s\n", n, c->workload);
	for (const char *at = c->label; *at; at++)
		str_addf(out, "%c", *at == ',' ? '\n' : *at);
	str_add(out, "\n");
}

int report_patches_measure(const char *name, const struct str *text, const char *what,
			   const char *dir, struct err *err)
{
	struct strv argv = STRV_INIT;
	struct str said = STR_INIT;
	char *file, *path;
	int code = -1;

	if (stored_is_complete(dir))
		return 0;
	file = xasprintf("%s.ini", name);
	path = verb_file(file, text, err);
	if (path) {
		fprintf(stderr, "%s\n", what);
		strv_push(&argv, "run");
		if (fs_exists(dir)) {
			strv_pushf(&argv, "--resume=%s", dir);
		} else {
			strv_push(&argv, path);
			strv_pushf(&argv, "--out=%s", dir);
		}
		code = verb_run(&argv, &said, err);
		if (code > 0)
			err_set(err, "its boots failed, see '%s'", dir);
	}
	str_release(&said);
	strv_release(&argv);
	free(path);
	free(file);
	return code ? -1 : 0;
}
