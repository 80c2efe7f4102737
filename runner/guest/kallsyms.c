#include "runner/guest/kallsyms.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/json.h"
#include "lib/str.h"

#define PATH "/proc/kallsyms"
#define CHUNK 65536

static int send_text(struct frame_writer *out, struct str *text, struct err *err)
{
	json_t *o = json_pack("{s:s, s:s}", "t", "symbols", "text", str_text(text));
	char *line = json_line(o);
	int ret = frame_write(out, line, strlen(line)) < 0 ? err_sys(err, "cannot send") : 0;

	free(line);
	json_decref(o);
	str_clear(text);
	return ret;
}

/* Padding before functions (__pfx_) is never executed; a module's lines end in its name. */
static int is_code_of_the_kernel(const char *line)
{
	char type, name[8];

	return sscanf(line, "%*x %c %7s", &type, name) == 2 && strchr("tTwW", type) &&
	       strncmp(name, "__pfx_", 6) != 0 && !strchr(line, '[');
}

int kallsyms_send(struct frame_writer *out, struct err *err)
{
	FILE *f = fopen(PATH, "re");
	struct str text = STR_INIT;
	char *line = NULL;
	size_t cap = 0;
	int ret = 0;

	if (!f)
		return err_sys(err, "cannot open '" PATH "'");
	while (ret == 0 && getline(&line, &cap, f) > 0) {
		if (is_code_of_the_kernel(line))
			str_add(&text, line);
		if (text.len >= CHUNK)
			ret = send_text(out, &text, err);
	}
	if (ret == 0)
		ret = send_text(out, &text, err);
	str_release(&text);
	free(line);
	fclose(f);
	return ret;
}
