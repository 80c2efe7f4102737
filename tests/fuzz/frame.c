/*
 * The channel of a guest: what a reader makes of bytes does not depend on how they are cut, and
 * messages that a writer sends amid them arrive.
 */
#include <zlib.h>
#include "lib/frame.h"
#include "tests/fuzz/fuzz.h"

struct seen {
	unsigned long sum; /* of all messages and faults in their order */
	int messages, faults;
};

static void add(struct seen *s, const void *bytes, size_t n)
{
	s->sum = crc32(s->sum, bytes, (unsigned)n);
}

static void on_message(void *arg, unsigned stream, unsigned seq, const char *text, size_t len)
{
	struct seen *s = arg;

	must(stream < FRAME_MAX_STREAMS && len <= FRAME_MAX_PAYLOAD && !memchr(text, '\n', len));
	add(s, &stream, sizeof(stream));
	add(s, &seq, sizeof(seq));
	add(s, text, len);
	s->messages++;
}

static void on_fault(void *arg, enum frame_fault fault, const char *text)
{
	struct seen *s = arg;

	must(strlen(text) < 200 && frame_fault_name(fault));
	add(s, &fault, sizeof(fault));
	s->faults++;
}

static struct seen read_in_steps(const char *bytes, size_t n, size_t step)
{
	struct seen s = {0};
	struct frame_handler h = {&s, on_message, on_fault};
	struct frame_reader r;

	frame_reader_init(&r, &h);
	for (size_t at = 0; at < n; at += step)
		frame_reader_feed(&r, bytes + at, n - at < step ? n - at : step);
	frame_reader_finish(&r);
	frame_reader_release(&r);
	return s;
}

/*
 * The lines of the input as the payloads of a well-behaved writer, which is JSON and ends in no
 * carriage return: a terminal line may add one. Returns how many there were.
 */
static int send_lines(struct frame_writer *w, const char *bytes, size_t n)
{
	int sent = 0;

	for (const char *end = bytes + n, *next; bytes < end; bytes = next, sent++) {
		const char *nl = memchr(bytes, '\n', (size_t)(end - bytes));
		size_t len = (size_t)((nl ? nl : end) - bytes);

		next = bytes + len + 1;
		while (len && bytes[len - 1] == '\r')
			len--;
		must(frame_write(w, bytes, len) == 0);
	}
	return sent;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data;
	struct seen whole = read_in_steps(bytes, size, size + 1),
		    cut = read_in_steps(bytes, size, 7);
	struct frame_writer w = {.fd = memfd_create("frames", MFD_CLOEXEC), .stream = 3};
	struct str sent = STR_INIT;
	struct err err;
	char path[32];
	int n;

	must(whole.sum == cut.sum && whole.messages == cut.messages && whole.faults == cut.faults);
	n = send_lines(&w, bytes, size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", w.fd);
	must(fs_read(path, &sent, &err) == 0);
	close(w.fd);
	whole = read_in_steps(str_text(&sent), sent.len, sent.len + 1);
	must(whole.messages == n && !whole.faults);
	str_release(&sent);
	return 0;
}
