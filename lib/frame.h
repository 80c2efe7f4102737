/*
 * The channel between a guest and the runner: one line a message,
 *
 *     @ml1 STREAM SEQ LENGTH CRC32 PAYLOAD\n
 *
 * PAYLOAD is one line of JSON. Every writer has a stream number of its own and counts its messages
 * from 0, so that a lost message is a gap, a cut one has the wrong length, a damaged one the wrong
 * sum, and one that comes again is not taken twice. Nothing that a reader rejects stops it: it says
 * so and goes on at the next line.
 */
#ifndef LIB_FRAME_H
#define LIB_FRAME_H

#include <stddef.h>
#include "lib/str.h"

#define FRAME_MAX_PAYLOAD (4u << 20)
#define FRAME_MAX_STREAMS 65536u

struct frame_writer {
	int fd;
	unsigned stream;
	unsigned seq;
};

/*
 * Sends one message, and where fd is a terminal line waits until it has left the machine, so that
 * no transmission runs on into what is measured next. 0, or -1 with errno.
 */
int frame_write(struct frame_writer *w, const char *payload, size_t len);

enum frame_fault { FRAME_CUT, FRAME_DAMAGED, FRAME_GAP, FRAME_TOO_LONG, FRAME_NOISE };
const char *frame_fault_name(enum frame_fault fault);

struct frame_handler {
	void *arg;
	void (*message)(void *arg, unsigned stream, unsigned seq, const char *payload, size_t len);
	/* text: what was found, at most a few hundred bytes, not to be trusted */
	void (*fault)(void *arg, enum frame_fault fault, const char *text);
};

struct frame_reader {
	struct frame_handler h;
	struct str line;
	int skipping;	/* inside a line that was too long */
	unsigned *next; /* next expected SEQ by stream */
	size_t streams;
};

void frame_reader_init(struct frame_reader *r, const struct frame_handler *h);
void frame_reader_feed(struct frame_reader *r, const char *bytes, size_t n);
/* Says that no more will come: what is left without its newline is a cut message. */
void frame_reader_finish(struct frame_reader *r);
void frame_reader_release(struct frame_reader *r);

#endif
