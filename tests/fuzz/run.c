/*
 * A whole run directory, of which several files are not what they should be at once: an input is
 * lines "@NAME" with what that file of the run holds below. Read for analysis in every way there
 * is, checked as before going on with it; and none of it may cost more than its size explains.
 */
#include <time.h>
#include "analysis/cause/locks.h"
#include "analysis/cause/profile.h"
#include "analysis/write/locks-text.h"
#include "analysis/write/profile-text.h"
#include "lib/json.h"
#include "lib/stored.h"
#include "tests/fuzz/fuzz-run.h"
#include "tests/fuzz/shown.h"

/* Of a run of one pair: boots 1 and 2 are timed, 3 and 4 profiled, 5 and 6 recorded locks. */
static const char *const names[] = {
	"run.json",
	"boots/001/boot.json",
	"boots/001/samples.jsonl",
	"boots/002/boot.json",
	"boots/002/samples.jsonl",
	"boots/003/profile.txt",
	"boots/005/samples.jsonl",
	"boots/005/events.jsonl",
};
#define NAMES (sizeof(names) / sizeof(*names))
#define MAX_SECONDS 8 /* of CPU, under the sanitizers, for an input of some kilobytes */

static char *before[NAMES]; /* the files of the run that is whole; NULL: none */

static void remember(const char *dir)
{
	for (size_t i = 0; i < NAMES; i++) {
		char *path = xasprintf("%s/%s", dir, names[i]);
		struct str text = STR_INIT;
		struct err err;

		if (!before[i] && fs_exists(path) && fs_read(path, &text, &err) == 0)
			before[i] = xstrdup(str_text(&text));
		str_release(&text);
		free(path);
	}
}

static void put_back(const char *dir)
{
	for (size_t i = 0; i < NAMES; i++) {
		char *path = xasprintf("%s/%s", dir, names[i]);

		if (before[i])
			fuzz_put(names[i], before[i], strlen(before[i]));
		else
			unlink(path);
		free(path);
	}
}

/* Where the next line "@NAME" begins, or the end. */
static const char *next_file(const char *p, const char *end)
{
	while (p < end && *p != '@') {
		const char *nl = memchr(p, '\n', (size_t)(end - p));

		p = nl ? nl + 1 : end;
	}
	return p;
}

static void put_files(const char *p, const char *end)
{
	for (p = next_file(p, end); p < end;) {
		const char *nl = memchr(p, '\n', (size_t)(end - p)), *from = nl ? nl + 1 : end;
		const char *to = next_file(from, end);

		for (size_t i = 0; nl && i < NAMES; i++)
			if (strlen(names[i]) == (size_t)(nl - p - 1) &&
			    !strncmp(p + 1, names[i], (size_t)(nl - p - 1)))
				fuzz_put(names[i], from, (size_t)(to - from));
		p = to;
	}
}

static void show_locks(const char *dir)
{
	struct str out = STR_INIT;
	struct err err = {""};
	struct locks l;

	if (locks_load(&l, dir, &err) < 0) {
		must_tell(&err);
		return;
	}
	locks_text(&l, &out);
	must_be_printable(str_text(&out));
	json_decref(locks_json(&l));
	str_release(&out);
	locks_release(&l);
}

static void show_profile(const char *dir)
{
	struct str text = STR_INIT;
	struct profiles all;
	struct profile p;
	struct err err = {""};

	if (profiles_load(&all, dir, "configs/kernel/families.ini", &err) < 0) {
		must_tell(&err);
		return;
	}
	if (all.run.n_cells && all.run.n_arms > 1 && profile_load(&p, &all, 0, 0, 1, &err) == 0) {
		profile_text(&p, 40, true, &text);
		must_be_printable(str_text(&text));
		profile_release(&p);
	}
	str_release(&text);
	profiles_release(&all);
}

/* What fsck and --resume ask of each boot. */
static void check(const char *dir)
{
	struct err err = {""};
	json_t *run = json_read_in(dir, "run.json", &err), *planned;
	size_t i;

	if (run && stored_check_run(run, dir, &err) < 0)
		must_tell(&err);
	json_array_foreach(json_object_get(run, "boots"), i, planned) {
		char *at = stored_name((int)json_get_int(planned, "n", 0), ""),
		     *name = xasprintf("%s/boot.json", at);
		json_t *boot = json_read_in(dir, name, &err);

		if (boot && stored_check_boot(run, planned, boot, name, &err) < 0)
			must_tell(&err);
		if (boot && stored_check_files(dir, at, boot, true, NULL, NULL, &err) < 0)
			must_tell(&err);
		json_decref(boot);
		free(name);
		free(at);
	}
	json_decref(run);
}

static double cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *dir = fuzz_run(1);
	double began = cpu_seconds();

	remember(dir);
	put_files((const char *)data, (const char *)data + size);
	show_run(dir);
	show_locks(dir);
	show_profile(dir);
	check(dir);
	put_back(dir);
	must(cpu_seconds() - began < MAX_SECONDS);
	return 0;
}
