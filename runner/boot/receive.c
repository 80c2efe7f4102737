#include "runner/boot/parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/record.h"
#include "lib/text.h"

static void on_fault(void *arg, enum frame_fault fault, const char *text)
{
	struct boot *b = arg;

	b->faults++;
	if (!b->first_fault) {
		char *clean = text_clean(text, 80);

		b->first_fault = xasprintf("%s: %s", frame_fault_name(fault), clean);
		free(clean);
	}
}

/* A line to a file of the run; it is on the disk before boot.json is, without which it counts for
 * nothing. */
static void store_line(struct boot *b, int fd, const char *text, size_t len)
{
	struct str s = STR_INIT;

	str_addn(&s, text, len);
	str_add(&s, "\n");
	if (!b->store_errno && fs_write_all(fd, s.buf, s.len) < 0)
		b->store_errno = errno;
	str_release(&s);
}

static void take_sample(struct boot *b, unsigned stream, const char *text, size_t len)
{
	struct sample s;
	struct err err;

	if (!b->known) {
		if (!b->hello)
			on_fault(b, FRAME_DAMAGED, "a sample before hello");
		return;
	}
	if (sample_parse(&s, text, len, &err) < 0) {
		on_fault(b, FRAME_DAMAGED, err.text);
		return;
	}
	if (stream == 0 || stream > b->job.e->ncells ||
	    strcmp(s.cell, b->job.e->cells[stream - 1].id) != 0) {
		on_fault(b, FRAME_DAMAGED, "a sample of a cell that is not in the plan");
	} else {
		store_line(b, b->samples_fd, text, len);
		b->samples++;
	}
	sample_release(&s);
}

/* A cell that was killed or could not be started has fewer samples than its plan: say so. */
static void take_cell_end(struct boot *b, int i, const json_t *o)
{
	long long code = json_get_int(o, "exit", 0), signal_no = json_get_int(o, "signal", 0);
	const char *id = b->job.e->cells[i].id;

	if (b->cell_trouble)
		return;
	if (signal_no)
		b->cell_trouble = xasprintf("%s was killed by signal %lld", id, signal_no);
	else if (code != EXIT_OK && code != EXIT_REGRESSION && code != EXIT_SKIP)
		b->cell_trouble = xasprintf("%s ended with code %lld", id, code);
}

/* Of another kernel than the one to be measured nothing is taken, and boot_check() ends it. */
static void take_hello(struct boot *b, json_t *o)
{
	struct err err;

	b->hello = json_incref(o);
	if (kernel_is(b->job.kernel, json_get_str(o, "release", ""), json_get_str(o, "version", ""),
		      &err) < 0) {
		b->stranger = text_clean(err.text, 400);
		return;
	}
	b->known = true;
	/* now all vCPU threads are there */
	if (b->job.target->kind == TARGET_TCG || b->job.target->kind == TARGET_KVM)
		b->pinned = place_pin(&b->job.target->place, b->child.pid);
}

/* What a message says of stolen time; nothing where it cannot be so. */
static long long stolen_at(const json_t *o)
{
	long long ms = json_get_int(o, "stolen_ms", 0);

	return ms > 0 && ms < 1LL << 50 ? ms : 0;
}

static void take_bye(struct boot *b, const json_t *o)
{
	long long clock_ns = json_get_int(o, "clock_ns", 0);
	struct timespec now;

	b->bye = true;
	b->stolen_ms = stolen_at(o) - (b->settle ? stolen_at(b->settle) : 0);
	if (b->ready_clock <= 0 || clock_ns <= 0)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	b->guest_seconds = ((double)clock_ns - (double)b->ready_clock) / 1e9;
	b->wall_seconds = (double)(now.tv_sec - b->ready.tv_sec) +
			  (double)(now.tv_nsec - b->ready.tv_nsec) / 1e9;
}

static void take_event(struct boot *b, unsigned stream, json_t *o)
{
	const char *type = json_get_str(o, "t", "");
	long long i = json_get_int(o, "i", -1);

	if (stream != 0)
		return;
	if (i < 0 || i >= (long long)b->job.e->ncells)
		i = -1;
	if (strcmp(type, "hello") == 0 && !b->hello) {
		take_hello(b, o);
	} else if (strcmp(type, "settled") == 0 && !b->settle) {
		b->settle = json_incref(o);
		clock_gettime(CLOCK_MONOTONIC, &b->ready);
		b->ready_clock = json_get_int(o, "clock_ns", 0);
	} else if (strcmp(type, "cell") == 0 && i >= 0)
		b->cell = (int)i;
	else if (strcmp(type, "cell-end") == 0 && i >= 0)
		take_cell_end(b, (int)i, o);
	else if (strcmp(type, "bye") == 0)
		take_bye(b, o);
	b->settled |= strcmp(type, "settled") == 0;
}

static void on_message(void *arg, unsigned stream, unsigned seq, const char *text, size_t len)
{
	static const char sample[] = "{\"t\":\"sample\"";
	struct boot *b = arg;
	json_t *o;

	(void)seq;
	if (len >= strlen(sample) && strncmp(text, sample, strlen(sample)) == 0) {
		take_sample(b, stream, text, len);
		return;
	}
	o = json_of(text, len, 0, NULL);
	if (json_is_object(o)) {
		store_line(b, b->events_fd, text, len);
		take_event(b, stream, o);
	} else {
		on_fault(b, FRAME_DAMAGED, "a message that is not a JSON object");
	}
	json_decref(o);
}

void boot_receive_init(struct boot *b)
{
	struct frame_handler h = {b, on_message, on_fault};

	frame_reader_init(&b->reader, &h);
}

void boot_pump(struct boot *b)
{
	char buf[65536];
	ssize_t n = read(b->fd, buf, sizeof(buf));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		clock_gettime(CLOCK_MONOTONIC, &b->heard);
		b->bytes += (unsigned long long)n;
		frame_reader_feed(&b->reader, buf, (size_t)n);
		return;
	}
	frame_reader_finish(&b->reader);
	close(b->fd);
	b->fd = -1;
}
