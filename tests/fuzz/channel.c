/*
 * A guest that says whatever it likes: each line of the input is the payload of a well-formed
 * message, its first byte the stream. What a boot keeps of it goes into boot.json and on the
 * screen.
 */
#include <zlib.h>
#include "lib/json.h"
#include "runner/boot/parts.h"
#include "tests/fuzz/fuzz.h"

/* The messages as they would come through the terminal line. */
static void frames(const char *bytes, size_t n, struct str *out)
{
	unsigned seq[4] = {0};

	for (const char *end = bytes + n, *nl; bytes < end; bytes = nl + 1) {
		unsigned stream = (unsigned char)*bytes % 4;
		size_t len;

		nl = memchr(bytes, '\n', (size_t)(end - bytes));
		nl = nl ? nl : end;
		len = (size_t)(nl - bytes) - (nl > bytes);
		str_addf(out, "@ml1 %u %u %zu %08x ", stream, seq[stream]++, len,
			 (unsigned)crc32(0, (const void *)(nl - len), (unsigned)len));
		str_addn(out, nl - len, len);
		str_add(out, "\n");
	}
}

static void must_be_kept_well(const struct boot *b)
{
	json_t *o = json_pack("{s:s, s:s, s:s}", "stranger", b->stranger ? b->stranger : "",
			      "fault", b->first_fault ? b->first_fault : "", "trouble",
			      b->cell_trouble ? b->cell_trouble : "");

	must(o && json_is_printable(o));
	json_decref(o);
	must(b->cell >= -1 && b->cell < (int)b->job.e->ncells);
	must(!b->first_fault == !b->faults);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cell cells[] = {{.id = (char *)"null"},
				      {.id = (char *)"exit-mlocked/procs=2"}};
	static const struct experiment e = {.cells = cells, .ncells = 2};
	static const struct target target = {.kind = TARGET_ICOUNT};
	static const struct kernel kernel = {.spec = (char *)"image:x", .release = (char *)"6.1.0"};
	struct boot b = {
		.job = {.e = &e, .target = &target, .kernel = &kernel}, .known = true, .cell = -1};
	struct str text = STR_INIT;

	b.samples_fd = b.events_fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	frames((const char *)data, size, &text);
	boot_receive_init(&b);
	frame_reader_feed(&b.reader, str_text(&text), text.len);
	frame_reader_finish(&b.reader);
	must_be_kept_well(&b);
	frame_reader_release(&b.reader);
	json_decref(b.hello);
	json_decref(b.settle);
	free(b.first_fault);
	free(b.cell_trouble);
	free(b.stranger);
	close(b.samples_fd);
	str_release(&text);
	return 0;
}
