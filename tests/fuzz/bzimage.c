/* A kernel image: its release goes into paths and on the screen. */
#include "runner/kernels/bzimage.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = {""};
	char *release = bzimage_release(fuzz_file(data, size), &err);

	if (release) {
		must_be_printable(release);
		must(*release && !strchr(release, '/') && !strchr(release, ' '));
	} else {
		must_tell(&err);
	}
	free(release);
	return 0;
}
