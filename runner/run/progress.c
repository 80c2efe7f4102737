#include "runner/run/progress.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void progress_start(struct progress *p, size_t total, size_t already_done)
{
	*p = (struct progress){.tty = isatty(2), .total = total, .done = already_done,
			       .before = already_done, .started = now()};
}

static int columns(void)
{
	struct winsize w;

	return ioctl(2, TIOCGWINSZ, &w) == 0 && w.ws_col > 20 ? w.ws_col : 80;
}

static void erase(const struct progress *p)
{
	if (p->tty)
		fputs("\r\033[K", stderr);
}

/* "about 3 min left", from the boots this process has finished itself. */
static void remaining(const struct progress *p, char *out, size_t n)
{
	size_t mine = p->done - p->before;
	double left;

	if (!mine) {
		snprintf(out, n, "time left not known yet");
		return;
	}
	left = (now() - p->started) / (double)mine * (double)(p->total - p->done);
	if (left < 90)
		snprintf(out, n, "about %.0f s left", left);
	else
		snprintf(out, n, "about %.0f min left", left / 60);
}

void progress_draw(struct progress *p, const char *running)
{
	char left[64], line[512];
	int width = columns() - 1;

	if (!p->tty || now() - p->drawn < 0.2)
		return;
	p->drawn = now();
	remaining(p, left, sizeof(left));
	snprintf(line, sizeof(line), "boots %zu/%zu%s, %s | %s", p->done, p->total,
		 p->failed ? " (some failed)" : "", left, running);
	fprintf(stderr, "\r\033[K%.*s", width, line);
	fflush(stderr);
}

void progress_boot(struct progress *p, bool failed, const char *text)
{
	p->done++;
	p->failed += failed;
	if (!p->tty || failed) {
		erase(p);
		fprintf(stderr, "[%zu/%zu] %s\n", p->done, p->total, text);
	}
}

void progress_note(struct progress *p, const char *text)
{
	erase(p);
	fprintf(stderr, "%s\n", text);
}

void progress_end(struct progress *p)
{
	erase(p);
}
