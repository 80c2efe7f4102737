/* A guest's console: the lines that are kept of it. */
#include "lib/json.h"
#include "runner/boot/console.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct console c;
	json_t *finding;
	size_t i;

	console_read(&c, fuzz_file(data, size));
	must(c.trouble || (!c.panic && !json_array_size(c.findings)));
	must(json_array_size(c.findings) <= CONSOLE_FINDINGS && json_is_printable(c.findings));
	json_array_foreach(c.findings, i, finding) {
		const char *text = json_get_str(finding, "text", NULL);

		must(text && strlen(text) <= 200 && !strchr(text, '\n'));
	}
	if (c.trouble) {
		must_be_printable(c.trouble);
		must(strlen(c.trouble) <= 200 && !strchr(c.trouble, '\n'));
	}
	console_release(&c);
	return 0;
}
