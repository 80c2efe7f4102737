#include "analysis/write/svg.h"

#include <string.h>

#include "analysis/write/html.h"

/* What gnuplot 5 and 6 write, and what stands for it; %s is the picture's name. */
static const struct {
	const char *from, *to;
} changes[] = {
	{" id='", " id='%s-"},
	{" id=\"", " id=\"%s-"},
	{"href='#", "href='#%s-"},
	{" color=\"black\"", ""},
	{" color=\"gray\"", ""},
	{" color=\"white\"", ""},
	{"fill=\"black\"", "fill=\"currentColor\""},
	{"stroke=\"black\"", "stroke=\"currentColor\""},
	{"fill = '", "fill='"},
	{" shape-rendering='crispEdges'", ""},
	{"stroke='black'", "stroke='currentColor'"},
	{"stroke='rgb(  0,   0,   0)'", "stroke='currentColor'"},
};

static bool starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* Attributes are changed, text is not: inside <text> a label stands as it is. */
static void add_line(const struct plot *p, const char *line, const char *end, struct str *out)
{
	bool text = false;

	while (line < end) {
		size_t i = 0, n = sizeof(changes) / sizeof(*changes);

		const char *title = starts(line, "<title>") ? strstr(line, "</title>") : NULL;

		if (title) { /* the name of a series, which would show as a tooltip */
			line = title + strlen("</title>");
			continue;
		}
		if (*line == '<')
			text = starts(line, "<text");
		while (!text && i < n && !starts(line, changes[i].from))
			i++;
		if (text || i == n) {
			str_addn(out, line++, 1);
			continue;
		}
		line += strlen(changes[i].from);
		str_addf(out, changes[i].to, p->name);
	}
}

/* A group that is closed on the next line draws nothing. Returns its end, or NULL. */
static const char *empty_group(const char *line)
{
	const char *end = strchr(line, '\n');

	return starts(line, "<g ") && end && starts(end + 1, "</g>\n") ? end + strlen("\n</g>\n")
								       : NULL;
}

static void add_head(const struct plot *p, bool alone, struct str *out)
{
	str_addf(out,
		 "<svg xmlns=\"http://www.w3.org/2000/svg\" "
		 "xmlns:xlink=\"http://www.w3.org/1999/xlink\""
		 " viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\""
		 " aria-labelledby=\"%s-title\">\n<title id=\"%s-title\">",
		 PLOT_WIDTH, p->height, PLOT_WIDTH, p->height, p->name, p->name);
	html_escape(out, p->title);
	str_add(out, "</title>\n");
	if (alone)
		str_add(out, "<style>svg{color:#1d2126;background:#fff}"
			     "@media(prefers-color-scheme:dark){svg{color:#e4e7eb;background:#"
			     "15181c}" PLOT_SVG_DARK "}</style>\n");
}

void plot_svg_adapt(const struct plot *p, const char *svg, bool alone, struct str *out)
{
	const char *at = strstr(svg, "<svg"), *end, *skip;

	add_head(p, alone, out);
	at = at ? strchr(at, '>') : NULL;
	for (at = at ? at + 1 : ""; *at; at = end) {
		end = strchr(at, '\n');
		end = end ? end + 1 : at + strlen(at);
		skip = empty_group(at);
		if (skip)
			end = skip;
		else if (*at != '\n' && !starts(at, "<title>") && !starts(at, "<desc>"))
			add_line(p, at, end, out);
	}
}
