#include "runner/run/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include "lib/str.h"

double progress_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void progress_start(struct progress *p, size_t total, size_t already_done)
{
	*p = (struct progress){.tty = isatty(2),
			       .total = total,
			       .done = already_done,
			       .before = already_done,
			       .started = progress_now()};
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

double progress_foresee(double promised, double started, double t, size_t made, size_t left)
{
	double end = t + (t - started) / (double)made * (double)left;

	return !promised || end < promised || t > promised ? end : promised;
}

/* "about 3 min left" */
static void remaining(const struct progress *p, char *out, size_t n)
{
	double left = p->end - progress_now();

	if (!p->end)
		snprintf(out, n, "time left not known yet");
	else if (left < 0)
		snprintf(out, n, "longer than the first boots foretold");
	else if (left < 90)
		snprintf(out, n, "about %.0f s left", left);
	else
		snprintf(out, n, "about %.0f min left", left / 60);
}

/* A line that stays; with the time of day where it goes to a file. */
static void print_line(const struct progress *p, const char *text)
{
	char stamp[16] = "";
	time_t t = time(NULL);

	if (!p->tty)
		strftime(stamp, sizeof(stamp), "%H:%M:%S ", localtime(&t));
	erase(p);
	fprintf(stderr, "%s%s\n", stamp, text);
}

void progress_draw(struct progress *p, const char *running)
{
	char left[64], line[512];
	int width = columns() - 1;

	if (!p->tty || progress_now() - p->drawn < 0.2)
		return;
	p->drawn = progress_now();
	remaining(p, left, sizeof(left));
	snprintf(line, sizeof(line), "boots %zu/%zu%s, %s | %s", p->done, p->total,
		 p->failed ? " (some failed)" : "", left, running);
	fprintf(stderr, "\r\033[K%.*s", width, line);
	fflush(stderr);
}

void progress_boot(struct progress *p, bool failed, const char *text)
{
	char *line;

	p->done++;
	p->failed += failed;
	p->end = progress_foresee(p->end, p->started, progress_now(), p->done - p->before,
				  p->total - p->done);
	if (p->tty && !failed)
		return;
	line = xasprintf("[%zu/%zu] %s", p->done, p->total, text);
	print_line(p, line);
	free(line);
}

void progress_note(struct progress *p, const char *text)
{
	print_line(p, text);
}

void progress_end(struct progress *p)
{
	erase(p);
}
