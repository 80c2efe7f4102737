/*
 * enlarge RUN PAIRS OUT: a stored run of so many pairs, made of the boots of another over and over,
 * each with the sums of its new place. What it measured is no evidence of anything; how long it
 * takes to read is.
 */
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/str.h"
#include "lib/stored.h"

static int fail(const struct err *err)
{
	fprintf(stderr, "%s\n", err->text);
	return 1;
}

/* The boots of the pairs once more, with numbers and seeds of their own. A new reference. */
static json_t *plan(const json_t *boots, long pairs)
{
	json_t *all = json_array(), *b;
	long copies = pairs * 2 / (long)json_array_size(boots), n = 0;
	size_t i;

	for (long c = 0; c < copies; c++)
		json_array_foreach(boots, i, b) {
			long pair = (long)json_get_int(b, "pair", 0) +
				    c * (long)json_array_size(boots) / 2;

			json_array_append_new(
				all, json_pack("{s:i, s:s, s:s, s:i, s:I}", "n", (int)++n, "kind",
					       "timed", "arm", json_get_str(b, "arm", ""), "pair",
					       (int)pair, "seed", (json_int_t)(1000 + pair)));
		}
	return all;
}

static int copy_boot(const char *from, const char *to, const json_t *planned, const char *sum,
		     struct err *err)
{
	static const char *const members[] = {"n", "pair", "seed"};
	char *files = xasprintf("%s/*", from), *path = xasprintf("%s/boot.json", to);
	json_t *boot = json_read_in(from, "boot.json", err);
	int ret = boot ? fs_mkdirs(to, err) : -1;
	glob_t g = {0};

	if (ret == 0 && glob(files, 0, NULL, &g) != 0)
		ret = err_set(err, "'%s' is empty", from);
	for (size_t i = 0; ret == 0 && i < g.gl_pathc; i++) {
		char *copy = xasprintf("%s%s", to, strrchr(g.gl_pathv[i], '/'));

		ret = fs_copy(g.gl_pathv[i], copy, err);
		free(copy);
	}
	for (size_t i = 0; ret == 0 && i < 3; i++)
		json_object_set(boot, members[i], json_object_get(planned, members[i]));
	if (ret == 0) {
		json_object_set_new(boot, "plan_sha256", json_string(sum));
		json_object_del(boot, "sha256");
		stored_seal_boot(boot);
		ret = json_write(path, boot, err);
	}
	globfree(&g);
	json_decref(boot);
	free(path);
	free(files);
	return ret;
}

int main(int argc, char **argv)
{
	struct err err;
	json_t *run, *old, *planned;
	char *path;
	size_t i;

	if (argc != 4)
		return 2;
	run = json_read_in(argv[1], "run.json", &err);
	path = xasprintf("%s/run.json", argv[3]);
	if (!run || fs_mkdirs(argv[3], &err) < 0)
		return fail(&err);
	old = json_incref(json_object_get(run, "boots"));
	json_object_set_new(run, "boots", plan(old, atol(argv[2])));
	json_object_set_new(run, "pairs", json_integer(atol(argv[2])));
	json_object_del(run, "plan_sha256");
	stored_seal_run(run);
	json_array_foreach(json_object_get(run, "boots"), i, planned) {
		const json_t *of = json_array_get(old, i % json_array_size(old));
		char *from = xasprintf("%s/boots/%03d", argv[1], (int)json_get_int(of, "n", 0));
		char *to = xasprintf("%s/boots/%03d", argv[3], (int)json_get_int(planned, "n", 0));

		if (copy_boot(from, to, planned, json_get_str(run, "plan_sha256", ""), &err) < 0)
			return fail(&err);
		free(from);
		free(to);
	}
	return json_write(path, run, &err) < 0 ? fail(&err) : 0;
}
