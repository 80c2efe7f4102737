#include "runner/kernels/kernel.h"

#include <stdlib.h>
#include <string.h>
#include "lib/str.h"
#include "runner/kernels/bzimage.h"

/* The longest text that uname can tell, less its NUL: what a kernel says more of itself is lost. */
#define UTS_MAX 64

void kernel_release(struct kernel *k)
{
	free(k->spec);
	free(k->image);
	free(k->config);
	free(k->system_map);
	free(k->modules);
	free(k->release);
	free(k->uts_version);
	free(k->build_id);
	free(k->package);
	free(k->version);
	json_decref(k->git);
	*k = (struct kernel){0};
}

int kernel_identify(struct kernel *k, struct err *err)
{
	char *release, *version;

	if (bzimage_identity(k->image, &release, &version, err) < 0)
		return -1;
	free(k->release);
	free(k->uts_version);
	k->release = release;
	k->uts_version = version;
	return 0;
}

int kernel_is(const struct kernel *k, const char *release, const char *uts_version, struct err *err)
{
	const char *version = k->uts_version ? k->uts_version : uts_version;

	if (strncmp(k->release, release, UTS_MAX) == 0 &&
	    strncmp(version, uts_version, UTS_MAX) == 0)
		return 0;
	return err_set(err, "it is '%s %s', not '%s %s' of %s", release, uts_version, k->release,
		       version, k->spec);
}
