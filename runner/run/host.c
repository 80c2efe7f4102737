#include "runner/run/host.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/journal.h"
#include "lib/json.h"
#include "lib/options.h"
#include "lib/paths.h"

void host_print_changes(const struct experiment *e, FILE *to)
{
	struct strv seen = STRV_INIT;
	json_t *w, *change;
	size_t i, k;

	json_array_foreach(e->workloads, i, w)
	{
		json_array_foreach(json_object_get(w, "changes"), k, change)
		{
			const char *path = json_string_value(change);

			if (!path || strv_has(&seen, path))
				continue;
			fprintf(to, "# changed while a cell runs, and put back: %s\n", path);
			strv_push(&seen, path);
		}
	}
	strv_release(&seen);
}

static int mend(int fd, const char *after, struct err *err)
{
	struct strv told = STRV_INIT;
	int ret = journal_mend(fd, &told, err);

	for (size_t i = 0; i < told.n; i++)
		command_note("%s%s", told.v[i], after);
	strv_release(&told);
	return ret;
}

int host_begin(struct run *r, struct err *err)
{
	char *cache, *path;
	int ret;

	if (geteuid() != 0)
		return 0;
	host_print_changes(r->e, stderr);
	cache = paths_cache();
	path = xasprintf("%s/host.journal", cache);
	ret = fs_mkdirs(cache, err);
	if (ret == 0)
		ret = r->journal = journal_open(path, err);
	if (ret >= 0)
		ret = mend(r->journal, ", which a run that was killed had changed", err);
	free(path);
	free(cache);
	return ret;
}

void host_end(struct run *r)
{
	struct err err;

	if (!r->journal)
		return;
	if (mend(r->journal, "", &err) < 0)
		command_note("%s; the next run tries again", err.text);
	close(r->journal);
	r->journal = 0;
}
