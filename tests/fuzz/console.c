/* A guest's console: the line that is kept as a boot's detail. */
#include "runner/boot/console.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int panic;
	char *line = console_trouble(fuzz_file(data, size), &panic);

	must(line || !panic);
	if (line) {
		must_be_printable(line);
		must(strlen(line) <= 200 && !strchr(line, '\n'));
	}
	free(line);
	return 0;
}
