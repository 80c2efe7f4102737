#include "lib/frame.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <zlib.h>
#include "lib/fs.h"

#define MAGIC "@ml1 "
/* magic, three decimal numbers, eight hex digits and the spaces: never more than this */
#define HEADER_MAX 64

static unsigned crc(const char *p, size_t n)
{
	return (unsigned)crc32(crc32(0, NULL, 0), (const unsigned char *)p, (unsigned)n);
}

int frame_write(struct frame_writer *w, const char *payload, size_t len)
{
	struct str s = STR_INIT;
	int ret;

	str_addf(&s, MAGIC "%u %u %zu %08x ", w->stream, w->seq++, len, crc(payload, len));
	str_addn(&s, payload, len);
	str_add(&s, "\n");
	ret = fs_write_all(w->fd, s.buf, s.len);
	str_release(&s);
	if (ret == 0 && isatty(w->fd))
		tcdrain(w->fd);
	return ret;
}

const char *frame_fault_name(enum frame_fault fault)
{
	static const char *const names[] = {"cut", "damaged", "gap", "too long", "noise"};

	return names[fault];
}

void frame_reader_init(struct frame_reader *r, const struct frame_handler *h)
{
	*r = (struct frame_reader){.h = *h};
}

void frame_reader_release(struct frame_reader *r)
{
	str_release(&r->line);
	free(r->next);
	*r = (struct frame_reader){0};
}

static void fault(struct frame_reader *r, enum frame_fault f, const char *text)
{
	char brief[161];

	snprintf(brief, sizeof(brief), "%s", text);
	if (r->h.fault)
		r->h.fault(r->h.arg, f, brief);
}

/*
 * Whether the message is new; the stream's own count goes on from it. One that is not the next due
 * is a gap either way, and a number that was there before is not taken twice.
 */
static bool check_seq(struct frame_reader *r, unsigned stream, unsigned seq)
{
	if (stream >= r->streams) {
		size_t n = stream + 16;

		r->next = xrealloc(r->next, n * sizeof(*r->next));
		memset(r->next + r->streams, 0, (n - r->streams) * sizeof(*r->next));
		r->streams = n;
	}
	if (seq != r->next[stream]) {
		char text[80];

		snprintf(text, sizeof(text), "stream %u: message %u where %u was due", stream, seq,
			 r->next[stream]);
		fault(r, FRAME_GAP, text);
	}
	if (seq < r->next[stream])
		return false;
	r->next[stream] = seq + 1;
	return true;
}

static void take_line(struct frame_reader *r)
{
	char *line = r->line.buf, *payload;
	unsigned stream, seq, sum;
	size_t len, have;
	int at = 0;

	if (r->line.len && line[r->line.len - 1] == '\r')
		line[--r->line.len] = '\0';
	if (!r->line.len)
		return;
	if (strncmp(line, MAGIC, strlen(MAGIC)) != 0) {
		fault(r, FRAME_NOISE, line);
		return;
	}
	if (sscanf(line, MAGIC "%9u %9u %9zu %8x%n", &stream, &seq, &len, &sum, &at) != 4 ||
	    line[at] != ' ' || stream >= FRAME_MAX_STREAMS) {
		fault(r, FRAME_DAMAGED, line);
		return;
	}
	payload = line + at + 1;
	have = r->line.len - (size_t)at - 1;
	if (have != len) {
		fault(r, have < len ? FRAME_CUT : FRAME_DAMAGED, line);
		return;
	}
	if (crc(payload, len) != sum) {
		fault(r, FRAME_DAMAGED, line);
		return;
	}
	if (check_seq(r, stream, seq))
		r->h.message(r->h.arg, stream, seq, payload, len);
}

void frame_reader_feed(struct frame_reader *r, const char *bytes, size_t n)
{
	while (n) {
		const char *nl = memchr(bytes, '\n', n);
		size_t take = nl ? (size_t)(nl - bytes) : n;

		if (!r->skipping)
			str_addn(&r->line, bytes, take);
		if (!r->skipping && r->line.len > FRAME_MAX_PAYLOAD + HEADER_MAX) {
			fault(r, FRAME_TOO_LONG, r->line.buf);
			r->skipping = 1;
		}
		if (nl) {
			if (!r->skipping && r->line.buf)
				take_line(r);
			r->skipping = 0;
			str_clear(&r->line);
			take++;
		} else if (r->skipping) {
			str_clear(&r->line);
		}
		bytes += take;
		n -= take;
	}
}

void frame_reader_finish(struct frame_reader *r)
{
	if (r->line.len)
		fault(r, FRAME_CUT, r->line.buf);
	str_clear(&r->line);
}
