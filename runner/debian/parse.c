#include "runner/debian/apt.h"

#include <stdlib.h>
#include <string.h>

static bool ends(const char *s, const char *tail)
{
	size_t n = strlen(s), t = strlen(tail);

	return n >= t && strcmp(s + n - t, tail) == 0;
}

/* A release of Debian itself, where only its name can tell: lists that were never fetched. */
static bool looks_debian(const char *uri, const char *release)
{
	static const char *const names[] = {"bullseye", "bookworm",	"trixie",    "forky",
					    "sid",	"oldoldstable", "oldstable", "stable",
					    "testing",	"unstable",	NULL};
	size_t n = strcspn(release, "-");

	for (int i = 0; names[i]; i++)
		if (strlen(names[i]) == n && strncmp(names[i], release, n) == 0)
			return ends(uri, "/debian/") || ends(uri, "/debian-security/") ||
			       ends(uri, "/debian") || ends(uri, "/debian-security");
	return false;
}

/* Takes one line "URI RELEASE COMPONENT ORIGIN"; known: the origin must be known to be Debian. */
static void take_target(const char *line, bool known, char **base, char **security)
{
	struct strv w = STRV_INIT;
	char **slot;

	strv_split(&w, line, " ");
	if (w.n == 4 && strcmp(w.v[2], "main") == 0 && strncmp(w.v[0], "cdrom:", 6) != 0 &&
	    (known ? strcmp(w.v[3], "Debian") == 0 : looks_debian(w.v[0], w.v[1]))) {
		slot = ends(w.v[1], "-security") ? security : base;
		if (!*slot)
			*slot = xstrdup(w.v[0]);
	}
	strv_release(&w);
}

int apt_parse_mirror(const char *targets, char **base, char **security, struct err *err)
{
	struct strv lines = STRV_INIT;

	*base = *security = NULL;
	strv_split(&lines, targets, "\n");
	for (int known = 1; known >= 0; known--)
		for (size_t i = 0; i < lines.n; i++)
			take_target(lines.v[i], known, base, security);
	strv_release(&lines);
	if (*base)
		return 0;
	free(*security);
	*security = NULL;
	return err_set(err, "apt on this machine names no Debian mirror; name one with "
			    "--mirror URI (the address that holds 'dists/')");
}

void apt_parse_madison(const char *text, struct apt_packages *out)
{
	struct strv lines = STRV_INIT;

	strv_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		struct strv w = STRV_INIT;

		/* NAME | VERSION | URI SUITE/COMPONENT ARCH Packages */
		strv_split(&w, lines.v[i], " |");
		if (w.n == 6 && strcmp(w.v[5], "Packages") == 0) {
			out->v = xrealloc(out->v, (out->n + 1) * sizeof(*out->v));
			out->v[out->n++] = (struct apt_package){
				.name = xstrdup(w.v[0]),
				.version = xstrdup(w.v[1]),
				.suite = xstrndup(w.v[3], strcspn(w.v[3], "/")),
			};
		}
		strv_release(&w);
	}
	strv_release(&lines);
}

void apt_packages_release(struct apt_packages *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->v[i].name);
		free(p->v[i].version);
		free(p->v[i].suite);
	}
	free(p->v);
	*p = (struct apt_packages){0};
}

void apt_parse_simulation(const char *text, struct strv *out)
{
	struct strv lines = STRV_INIT;

	strv_split(&lines, text, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		struct strv w = STRV_INIT;

		/* Inst NAME (VERSION SUITE... [ARCH]) */
		strv_split(&w, lines.v[i], " ");
		if (w.n >= 4 && strcmp(w.v[0], "Inst") == 0 && w.v[2][0] == '(')
			strv_pushf(out, "%s=%s", w.v[1], w.v[2] + 1);
		strv_release(&w);
	}
	strv_release(&lines);
}
