#include "runner/guest/facts.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "lib/fs.h"

/* The first line of a file, or NULL; what is not plain ASCII becomes '?', for JSON wants UTF-8. */
static char *first_line(const char *path)
{
	struct str s = STR_INIT;
	struct err err;
	char *line = NULL;

	if (fs_read(path, &s, &err) == 0 && s.len) {
		line = xstrndup(s.buf, strcspn(s.buf, "\n"));
		for (char *p = line; *p; p++)
			if (!isprint((unsigned char)*p))
				*p = '?';
	}
	str_release(&s);
	return line;
}

static void set_line(json_t *o, const char *key, const char *path)
{
	char *line = first_line(path);

	if (line)
		json_object_set_new(o, key, json_string(line));
	free(line);
}

/* Directory entries that are PREFIX and a number. */
static int count_numbered(const char *dir, const char *prefix)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	size_t n = strlen(prefix);
	int count = 0;

	while (d && (e = readdir(d)))
		count += strncmp(e->d_name, prefix, n) == 0 && isdigit((unsigned char)e->d_name[n]);
	if (d)
		closedir(d);
	return count;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* Every file of a directory as name: first line, in the order of their names. */
static json_t *directory(const char *dir)
{
	json_t *o = json_object();
	struct dirent **list;
	int n = scandir(dir, &list, NULL, by_name);

	for (int i = 0; i < n; i++) {
		char *path = xasprintf("%s/%s", dir, list[i]->d_name);

		if (list[i]->d_name[0] != '.')
			set_line(o, list[i]->d_name, path);
		free(path);
		free(list[i]);
	}
	if (n >= 0)
		free(list);
	return o;
}

static long long memory_kib(void)
{
	char *line = first_line("/proc/meminfo");
	long long kib = line ? atoll(line + strcspn(line, "0123456789")) : 0;

	free(line);
	return kib;
}

json_t *facts_hello(void)
{
	struct utsname u;
	json_t *o;

	uname(&u);
	o = json_pack("{s:s, s:s, s:s, s:I, s:i, s:I}", "t", "hello", "release", u.release,
		      "version", u.version, "cpus", (json_int_t)sysconf(_SC_NPROCESSORS_ONLN),
		      "nodes", count_numbered("/sys/devices/system/node", "node"), "memory_kib",
		      (json_int_t)memory_kib());
	set_line(o, "cmdline", "/proc/cmdline");
	set_line(o, "clocksource",
		 "/sys/devices/system/clocksource/clocksource0/current_clocksource");
	set_line(o, "thp", "/sys/kernel/mm/transparent_hugepage/enabled");
	set_line(o, "lru_gen", "/sys/kernel/mm/lru_gen/enabled");
	json_object_set_new(o, "mitigations", directory("/sys/devices/system/cpu/vulnerabilities"));
	return o;
}
