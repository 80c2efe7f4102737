/* What apt and packages say: sources, versions, a simulated installation, control fields. */
#include "runner/debian/apt.h"
#include "runner/debian/deb.h"
#include "tests/fuzz/fuzz.h"

static void parse_mirror(const char *text)
{
	char *base, *security;
	struct err err = {""};

	if (apt_parse_mirror(text, &base, &security, &err) < 0)
		must_tell(&err);
	else
		must(*base);
	free(base);
	free(security);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), *field = deb_field(text, "Version");
	struct apt_packages packages = {0};
	struct strv closure = STRV_INIT;

	must(!field || !strchr(field, '\n'));
	parse_mirror(text);
	apt_parse_madison(text, &packages);
	for (size_t i = 0; i < packages.n; i++)
		must(*packages.v[i].name && *packages.v[i].version &&
		     !strchr(packages.v[i].suite, '/'));
	apt_parse_simulation(text, &closure);
	for (size_t i = 0; i < closure.n; i++)
		must(strchr(closure.v[i], '='));
	apt_packages_release(&packages);
	strv_release(&closure);
	free(field);
	free(text);
	return 0;
}
