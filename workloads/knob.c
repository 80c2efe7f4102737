#include "workloads/knob.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/str.h"

static char *value_of(const char *text)
{
	const char *at = strchr(text, '[');

	at = at ? at + 1 : text;
	return xstrndup(at, strcspn(at, "] \t\n"));
}

static int put(const char *path, const char *text, struct err *err)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret = 0;

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		ret = err_sys(err, "'%s' into %s", text, path);
	if (fd >= 0)
		close(fd);
	return ret;
}

int knob_set(struct knob *k, const char *path, const char *text, struct err *err)
{
	struct str old = STR_INIT;
	int ret = fs_read(path, &old, err);

	*k = (struct knob){NULL, NULL};
	if (ret == 0)
		ret = put(path, text, err);
	if (ret == 0)
		*k = (struct knob){xstrdup(path), value_of(str_text(&old))};
	str_release(&old);
	return ret;
}

int knob_set_number(struct knob *k, const char *path, long long value, struct err *err)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", value);
	return knob_set(k, path, text, err);
}

void knob_restore(struct knob *k)
{
	struct err err;

	if (k->path)
		put(k->path, k->old, &err);
	free(k->path);
	free(k->old);
	*k = (struct knob){NULL, NULL};
}

long long knob_number(const char *path)
{
	struct str text = STR_INIT;
	struct err err;
	long long n = -1;

	if (fs_read(path, &text, &err) == 0 && text.len)
		n = strtoll(text.buf, NULL, 10);
	str_release(&text);
	return n;
}
