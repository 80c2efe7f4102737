/* profile.txt of a profiled boot, and what is made of it. */
#include "analysis/write/flame.h"
#include "analysis/write/profile-text.h"
#include "tests/fuzz/fuzz-run.h"
#include "tests/well-formed.h"

static void show(const struct profile *p)
{
	struct str text = STR_INIT, folded = STR_INIT, csv = STR_INIT, svg = STR_INIT;

	profile_text(p, 40, true, &text);
	must_be_printable(str_text(&text));
	profile_folded(p, &folded);
	profile_csv(p, &csv);
	flame_svg(p, &svg);
	must(!ill_formed(str_text(&svg), svg.len));
	str_release(&text);
	str_release(&folded);
	str_release(&csv);
	str_release(&svg);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *dir = fuzz_run(1);
	struct profiles all;
	struct profile p;
	struct err err = {""};

	fuzz_put("boots/003/profile.txt", data, size);
	if (profiles_load(&all, dir, "configs/kernel/families.ini", &err) < 0) {
		must_tell(&err);
		return 0;
	}
	if (profile_load(&p, &all, 0, 0, 1, &err) == 0) {
		show(&p);
		profile_release(&p);
	} else {
		must_tell(&err);
	}
	profiles_release(&all);
	return 0;
}
