#include "runner/boot/disturb.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/spawn.h"
#include "lib/str.h"
#include "lib/text.h"

#define CPUS "/sys/devices/system/cpu/"

/* Documentation/ABI/testing/sysfs-devices-system-cpu, admin-guide/sysctl/kernel.rst and mm/ in the
 * kernel */
static const struct {
	const char *name, *pattern;
	const char
		*calm; /* what it should hold, also as "[calm]" of a choice; NULL: it is but told */
	const char *still;
} settings[] = {
	{"governor", CPUS "cpu[0-9]*/cpufreq/scaling_governor", "performance",
	 "cpupower frequency-set -g performance"},
	{"no_turbo", CPUS "intel_pstate/no_turbo", "1", "echo 1 > " CPUS "intel_pstate/no_turbo"},
	{"boost", CPUS "cpufreq/boost", "0", "echo 0 > " CPUS "cpufreq/boost"},
	{"smt", CPUS "smt/active", "0", "echo off > " CPUS "smt/control"},
	{"numa_balancing", "/proc/sys/kernel/numa_balancing", "0",
	 "sysctl kernel.numa_balancing=0"},
	{"thp", "/sys/kernel/mm/transparent_hugepage/enabled", "madvise never",
	 "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled"},
	{"ksm", "/sys/kernel/mm/ksm/run", "0", "echo 0 > /sys/kernel/mm/ksm/run"},
	{"watchdog", "/proc/sys/kernel/watchdog", "0", "sysctl kernel.watchdog=0"},
	{"isolcpus", CPUS "isolated", NULL, NULL},
	{"nohz_full", CPUS "nohz_full", NULL, NULL},
	{"timer_migration", "/proc/sys/kernel/timer_migration", NULL, NULL},
	{"microcode", CPUS "cpu[0-9]*/microcode/version", NULL, NULL},
	{"clocksource", "/sys/devices/system/clocksource/clocksource0/current_clocksource", NULL,
	 NULL},
};

/* The first line of a file, printable; NULL where it cannot be read. */
static char *first_line(const char *path)
{
	struct str s = STR_INIT;
	struct err ignored;
	char *line = NULL;

	if (fs_read(path, &s, &ignored) == 0) {
		if (s.len)
			s.buf[strcspn(s.buf, "\n")] = '\0';
		line = text_clean(str_text(&s), 200);
		/* how nohz_full prints a mask that there is none of */
		if (strstr(line, "(null)"))
			*line = '\0';
	}
	str_release(&s);
	return line;
}

/* The lines of all files that a pattern finds, each once, with commas between; NULL: there is none.
 */
static char *values(const char *root, const char *pattern)
{
	char *whole = xasprintf("%s%s", root, pattern);
	struct strv seen = STRV_INIT;
	struct str all = STR_INIT;
	glob_t g = {0};

	glob(whole, 0, NULL, &g);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		char *line = first_line(g.gl_pathv[i]);
		size_t k = 0;

		while (line && k < seen.n && strcmp(seen.v[k], line) != 0)
			k++;
		if (line && k == seen.n) {
			str_addf(&all, "%s%s", seen.n ? "," : "", line);
			strv_push(&seen, line);
		}
		free(line);
	}
	globfree(&g);
	free(whole);
	if (!seen.n) {
		str_release(&all);
		return NULL;
	}
	strv_release(&seen);
	return all.buf ? all.buf : xstrdup("");
}

/* calm: words, one of which the value should be, or have in brackets. */
static bool is_calm(const char *value, const char *calm)
{
	struct strv words = STRV_INIT;
	bool fits = false;

	strv_split(&words, calm, " ");
	for (size_t i = 0; i < words.n; i++) {
		char *chosen = xasprintf("[%s]", words.v[i]);

		fits |= strcmp(value, words.v[i]) == 0 || strstr(value, chosen);
		free(chosen);
	}
	strv_release(&words);
	return fits;
}

void disturb_read(struct disturbances *d, const char *root)
{
	size_t n = sizeof(settings) / sizeof(*settings);

	*d = (struct disturbances){.v = xcalloc(n, sizeof(*d->v))};
	for (size_t i = 0; i < n; i++) {
		char *value = values(root, settings[i].pattern);

		if (value)
			d->v[d->n++] = (struct disturbance){
				.name = settings[i].name,
				.still = settings[i].still,
				.value = value,
				.disturbs = settings[i].calm && !is_calm(value, settings[i].calm),
			};
	}
}

void disturb_release(struct disturbances *d)
{
	for (size_t i = 0; i < d->n; i++)
		free(d->v[i].value);
	free(d->v);
	*d = (struct disturbances){0};
}

/* systemd's timers that are armed: each starts something one day, perhaps while it is measured. */
static json_t *timers(void)
{
	char *argv[] = {"systemctl", "list-units",  "--type=timer", "--state=active",
			"--plain",   "--no-legend", "--no-pager",   NULL};
	struct strv lines = STRV_INIT;
	struct str said = STR_INIT;
	json_t *names = json_array();
	struct err ignored;

	if (fs_exists("/run/systemd/system") && spawn_capture(argv, &said, &ignored) == 0)
		strv_split(&lines, str_text(&said), "\n");
	for (size_t i = 0; i < lines.n; i++) {
		lines.v[i][strcspn(lines.v[i], " ")] = '\0';
		json_array_append_new(names, json_string(lines.v[i]));
	}
	strv_release(&lines);
	str_release(&said);
	return names;
}

/* A row a node, as the firmware tells it: 10 is near. */
static json_t *distances(void)
{
	json_t *rows = json_array();
	glob_t g = {0};

	glob("/sys/devices/system/node/node[0-9]*/distance", 0, NULL, &g);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		char *line = first_line(g.gl_pathv[i]);

		if (line)
			json_array_append_new(rows, json_string(line));
		free(line);
	}
	globfree(&g);
	return rows;
}

json_t *disturb_brief(void)
{
	struct disturbances d;
	json_t *o = json_object();
	double load;

	disturb_read(&d, "");
	for (size_t i = 0; i < d.n; i++)
		json_object_set_new(o, d.v[i].name, json_string(d.v[i].value));
	disturb_release(&d);
	if (getloadavg(&load, 1) == 1)
		json_object_set_new(o, "load", json_real(load));
	return o;
}

json_t *disturb_json(void)
{
	json_t *o = disturb_brief();

	json_object_set_new(o, "timers", timers());
	json_object_set_new(o, "node_distances", distances());
	return o;
}
