/* Files of claims, and the ledger of what they hold where nothing was measured. */
#include "analysis/judge/claims.h"
#include "tests/fuzz/fuzz.h"

static void show(const struct claims *c)
{
	struct str out = STR_INIT;
	struct ledger l;

	ledger_make(&l, c, NULL, 0);
	must(l.testable == 0);
	ledger_text(&l, true, &out);
	ledger_markdown(&l, &out);
	ledger_json(&l, &out);
	str_release(&out);
	ledger_release(&l);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct claims c;
	struct err err = {""};

	fuzz_put("claims.ini", data, size);
	if (claims_load(&c, fuzz_dir(), &err) < 0) {
		must_tell(&err);
		return 0;
	}
	show(&c);
	claims_release(&c);
	return 0;
}
