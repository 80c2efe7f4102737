#include "lib/machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/str.h"
#include "lib/text.h"

char *machine_cpu(void)
{
	FILE *f = fopen("/proc/cpuinfo", "re");
	char *line = NULL, *model = NULL;
	size_t cap = 0;

	while (f && !model && getline(&line, &cap, f) > 0)
		if (!strncmp(line, "model name", 10) && strchr(line, ':'))
			model = text_clean(strchr(line, ':') + 2, 100);
	free(line);
	if (f)
		fclose(f);
	return model ? model : xstrdup("unknown");
}
