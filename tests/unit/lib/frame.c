/* The channel: what is lost, cut, damaged, doubled or not a message at all is told of, never taken.
 */
#include "tests/unit/check.h"

#include <fcntl.h>
#include "lib/frame.h"

struct seen {
	struct str messages; /* "STREAM/SEQ PAYLOAD;" */
	struct str faults;   /* "NAME;" */
	struct str texts;
};

static void take_message(void *arg, unsigned stream, unsigned seq, const char *payload, size_t len)
{
	struct seen *s = arg;

	str_addf(&s->messages, "%u/%u %.*s;", stream, seq, (int)len, payload);
}

static void take_fault(void *arg, enum frame_fault fault, const char *text)
{
	struct seen *s = arg;

	str_addf(&s->faults, "%s;", frame_fault_name(fault));
	str_add(&s->texts, text);
}

static void see_release(struct seen *s)
{
	str_release(&s->messages);
	str_release(&s->faults);
	str_release(&s->texts);
}

/* Reads bytes in pieces of `step` and says what came of them. */
static void read_in_steps(struct seen *s, const char *bytes, size_t n, size_t step)
{
	struct frame_handler h = {s, take_message, take_fault};
	struct frame_reader r;

	*s = (struct seen){0};
	frame_reader_init(&r, &h);
	for (size_t at = 0; at < n; at += step)
		frame_reader_feed(&r, bytes + at, n - at < step ? n - at : step);
	frame_reader_finish(&r);
	frame_reader_release(&r);
}

static void expect(const char *bytes, const char *messages, const char *faults)
{
	static const size_t steps[] = {1, 7, 1 << 20};

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		struct seen s;

		read_in_steps(&s, bytes, strlen(bytes), steps[i]);
		assert_string_equal(str_text(&s.messages), messages);
		assert_string_equal(str_text(&s.faults), faults);
		see_release(&s);
	}
}

/* What frame_write makes of payloads, as text. */
static char *written(unsigned stream, const char *const *payloads, unsigned first)
{
	struct str out = STR_INIT;
	int fds[2];

	for (unsigned i = 0; payloads[i]; i++) {
		struct frame_writer w = {.stream = stream, .seq = first + i};
		char buf[4096];
		ssize_t n;

		assert_int_equal(pipe(fds), 0);
		w.fd = fds[1];
		assert_int_equal(frame_write(&w, payloads[i], strlen(payloads[i])), 0);
		assert_int_equal(w.seq, first + i + 1);
		n = read(fds[0], buf, sizeof(buf));
		assert_true(n > 0);
		str_addn(&out, buf, (size_t)n);
		close(fds[0]);
		close(fds[1]);
	}
	return out.buf;
}

static void test_known_bytes(void **state)
{
	const char *const one[] = {"{}", NULL};
	char *text = written(3, one, 0);

	(void)state;
	/* CRC-32 of "{}", as zlib, gzip and cksum -a crc32b have it */
	assert_string_equal(text, "@ml1 3 0 2 a3a6bf43 {}\n");
	free(text);
}

static void test_round_trip(void **state)
{
	const char *const a[] = {"{\"a\":1}", "{\"a\":2}", NULL}, *const b[] = {"{}", NULL};
	char *first = written(0, a, 0), *second = written(70, b, 0);
	char *both = xasprintf("%s%s", first, second);

	(void)state;
	expect(both, "0/0 {\"a\":1};0/1 {\"a\":2};70/0 {};", "");
	free(first);
	free(second);
	free(both);
}

static void test_carriage_return(void **state)
{
	(void)state;
	expect("@ml1 3 0 2 a3a6bf43 {}\r\n\r\n\n", "3/0 {};", "");
}

static void test_lost(void **state)
{
	(void)state;
	expect("@ml1 3 1 2 a3a6bf43 {}\n@ml1 3 2 2 a3a6bf43 {}\n", "3/1 {};3/2 {};", "gap;");
}

static void test_doubled(void **state)
{
	(void)state;
	expect("@ml1 3 0 2 a3a6bf43 {}\n@ml1 3 0 2 a3a6bf43 {}\n@ml1 3 1 2 a3a6bf43 {}\n",
	       "3/0 {};3/1 {};", "gap;");
}

static void test_cut(void **state)
{
	(void)state;
	expect("@ml1 3 0 2 a3a6bf43 {\n@ml1 3 1 2 a3a6bf43 {}\n", "3/1 {};", "cut;gap;");
	expect("@ml1 3 0 2 a3a6bf43 {}", "", "cut;");
	expect("@ml1 3 0 2 a3a", "", "cut;");
}

static void test_damaged(void **state)
{
	(void)state;
	expect("@ml1 3 0 2 a3a6bf43 {]\n", "", "damaged;");
	expect("@ml1 3 0 1 a3a6bf43 {}\n", "", "damaged;");
	expect("@ml1 3 0 2 {}\n", "", "damaged;");
	expect("@ml1 99999 0 2 a3a6bf43 {}\n", "", "damaged;");
	expect("@ml1 4294967296 0 2 a3a6bf43 {}\n", "", "damaged;");
	expect("@ml1 -1 0 2 a3a6bf43 {}\n", "", "damaged;");
}

static void test_noise(void **state)
{
	(void)state;
	expect("login: \n@ml2 3 0 2 a3a6bf43 {}\n@ml1 3 0 2 a3a6bf43 {}\n", "3/0 {};",
	       "noise;noise;");
}

static void test_too_long(void **state)
{
	size_t n = FRAME_MAX_PAYLOAD + 1000;
	struct str s = STR_INIT;
	struct seen seen;
	char *x = xmalloc(n);

	(void)state;
	memset(x, 'x', n);
	str_addn(&s, x, n);
	str_add(&s, "\n@ml1 3 0 2 a3a6bf43 {}\n");
	read_in_steps(&seen, s.buf, s.len, 65536);
	assert_string_equal(str_text(&seen.faults), "too long;");
	assert_string_equal(str_text(&seen.messages), "3/0 {};");
	assert_true(seen.texts.len < 200);
	see_release(&seen);
	str_release(&s);
	free(x);
}

/* Any one byte changed is noticed: the message is told of, or another's number is. */
static void test_every_byte(void **state)
{
	const char *const payload[] = {"{\"a\":1}", NULL};
	char *text = written(3, payload, 0);

	(void)state;
	assert_string_equal(text, "@ml1 3 0 7 561bacaf {\"a\":1}\n");
	for (size_t i = 0; i + 1 < strlen(text); i++) {
		struct seen s;
		char was = text[i];

		text[i] ^= 1;
		read_in_steps(&s, text, strlen(text), 1 << 20);
		/* another stream or sequence number is a well-formed message of that stream */
		if (i == 5)
			assert_string_equal(str_text(&s.messages), "2/0 {\"a\":1};");
		else
			assert_true(s.faults.len > 0);
		see_release(&s);
		text[i] = was;
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_bytes),	cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_carriage_return), cmocka_unit_test(test_lost),
		cmocka_unit_test(test_doubled),		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_damaged),		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_too_long),	cmocka_unit_test(test_every_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
