#include "runner/run/machine.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "lib/fs.h"

int machine_nodes(void)
{
	glob_t g = {0};
	int n = glob("/sys/devices/system/node/node[0-9]*", 0, NULL, &g) == 0 ? (int)g.gl_pathc : 1;

	globfree(&g);
	return n;
}

int machine_memory_mib(void)
{
	long long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);

	return (int)(pages * size >> 20);
}

char *machine_id(void)
{
	char sum[65];
	struct err err;

	if (!fs_exists("/etc/machine-id") || fs_sha256("/etc/machine-id", sum, &err) < 0)
		return NULL;
	return xstrndup(sum, 16);
}
