/* Kernel specs, as typed or from a file. */
#include "runner/kernels/spec.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct kernel_spec s;
	struct err err = {""};

	if (kernel_spec_parse(&s, text, &err) == 0) {
		must(s.kind != SPEC_DEBIAN || (*s.version && !strchr(s.version, '/')));
		must(s.kind != SPEC_BUILT || (!strchr(s.name, '/') && *s.name != '.'));
		must(s.kind != SPEC_DEB || s.debs.n);
		must(s.kind != SPEC_IMAGE || *s.image);
		kernel_spec_release(&s);
	} else {
		must_tell(&err);
	}
	free(text);
	return 0;
}
