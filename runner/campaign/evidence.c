#include "runner/campaign/evidence.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/spawn.h"

static char *dir_of(const char *run, int n, int attempt)
{
	return xasprintf("%s/campaign/%03d.%d", run, n, attempt);
}

/* What a program prints, in a file, where it prints anything. */
static void keep_output(char *const argv[], const char *dir, const char *name)
{
	char *path = xasprintf("%s/%s", dir, name);
	struct str out = STR_INIT;
	struct err ignored;

	if (spawn_capture(argv, &out, &ignored) == 0 && out.len)
		fs_write_atomic(path, out.buf, out.len, &ignored);
	str_release(&out);
	free(path);
}

static void keep_log(const char *dir, const char *name)
{
	char *argv[] = {"dmesg", NULL};

	keep_output(argv, dir, name);
}

/* What the firmware kept of a kernel that died, where systemd has put it or it still is. */
static void keep_pstore(const char *dir)
{
	glob_t g = {0};
	struct err ignored;

	glob("/sys/fs/pstore/*", 0, NULL, &g);
	glob("/var/lib/systemd/pstore/*", g.gl_pathc ? GLOB_APPEND : 0, NULL, &g);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		char *to = xasprintf("%s/pstore-%s", dir, strrchr(g.gl_pathv[i], '/') + 1);

		fs_copy(g.gl_pathv[i], to, &ignored);
		free(to);
	}
	globfree(&g);
}

static void keep_journal(const char *dir)
{
	char *argv[] = {"journalctl", "-k", "-b", "-1", "--no-pager", "-q", NULL};

	keep_output(argv, dir, "journal");
}

void evidence_before(const struct campaign *c)
{
	char *dir = dir_of(c->run, c->trying, c->attempt);
	struct err ignored;

	if (fs_mkdirs(dir, &ignored) == 0)
		keep_log(dir, "dmesg");
	free(dir);
}

void evidence_drop(const struct campaign *c)
{
	char *dir = dir_of(c->run, c->trying, c->attempt);
	struct err ignored;

	fs_remove_tree(dir, &ignored);
	free(dir);
}

/* 32 is WDIOF_CARDRESET: the watchdog has reset the machine (linux/watchdog.h). */
static int bootstatus(void)
{
	struct str text = STR_INIT;
	struct err ignored;
	int status = 0;

	if (fs_read("/sys/class/watchdog/watchdog0/bootstatus", &text, &ignored) == 0)
		status = atoi(str_text(&text));
	str_release(&text);
	return status;
}

int evidence_of_loss(const struct campaign *c, int attempt, const struct campaign_seen *seen,
		     const char *why, struct err *err)
{
	char *dir = dir_of(c->run, c->trying, attempt), *path = xasprintf("%s/lost.json", dir);
	json_t *o = json_pack("{s:i, s:i, s:s, s:s, s:s, s:i}", "boot", c->trying, "attempt",
			      attempt, "why", why, "release", seen->release, "boot_id",
			      seen->boot_id, "bootstatus", bootstatus());
	int ret = fs_mkdirs(dir, err);

	if (ret == 0) {
		keep_pstore(dir);
		keep_journal(dir);
		if (seen->mark)
			keep_log(dir, "dmesg-found");
		ret = json_write(path, o, err);
	}
	json_decref(o);
	free(path);
	free(dir);
	return ret;
}

static char *clock_dir(const char *run)
{
	return xasprintf("%s/campaign/clock", run);
}

int evidence_of_clock(const struct campaign *c, long long back, struct err *err)
{
	char *dir = clock_dir(c->run);
	char *path = xasprintf("%s/%03d.%d.json", dir, c->trying, c->attempt);
	json_t *o = json_pack("{s:i, s:i, s:I}", "boot", c->trying, "attempt", c->attempt,
			      "set_back_s", (json_int_t)back);
	int ret = fs_mkdirs(dir, err);

	if (ret == 0)
		ret = json_write(path, o, err);
	json_decref(o);
	free(path);
	free(dir);
	return ret;
}

int evidence_count_clock(const char *run)
{
	char *dir = clock_dir(run), *pattern = xasprintf("%s/*.json", dir);
	glob_t g = {0};
	int count = glob(pattern, 0, NULL, &g) == 0 ? (int)g.gl_pathc : 0;

	globfree(&g);
	free(pattern);
	free(dir);
	return count;
}

int evidence_count(const char *run, int n, struct str *why)
{
	char *pattern = n ? xasprintf("%s/campaign/%03d.*/lost.json", run, n)
			  : xasprintf("%s/campaign/*/lost.json", run);
	glob_t g = {0};
	struct err ignored;
	int count = 0;

	if (glob(pattern, 0, NULL, &g) == 0)
		count = (int)g.gl_pathc;
	for (int i = 0; i < count; i++) {
		json_t *o = why ? json_read(g.gl_pathv[i], &ignored) : NULL;

		if (n == 0 && o)
			str_addf(why, "  boot %lld, attempt %lld: %s%s\n",
				 json_get_int(o, "boot", 0), json_get_int(o, "attempt", 0),
				 json_get_str(o, "why", ""),
				 json_get_int(o, "bootstatus", 0) & 32 ? " (reset by the watchdog)"
								       : "");
		else if (o && i == count - 1)
			str_add(why, json_get_str(o, "why", ""));
		json_decref(o);
	}
	globfree(&g);
	free(pattern);
	return count;
}
