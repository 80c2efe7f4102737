#include "runner/kernels/configure.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fs.h"
#include "lib/paths.h"

static bool has_line(const char *config, const char *line)
{
	size_t len = strlen(line);

	for (const char *at = config; (at = strstr(at, line)); at += len)
		if ((at == config || at[-1] == '\n') && (at[len] == '\n' || !at[len]))
			return true;
	return false;
}

/* "CONFIG_X=n" is written as a comment in a configuration, or not at all. */
static bool has_value(const char *config, const char *line)
{
	const char *equals = strchr(line, '=');
	char *head, *unset;
	bool has = has_line(config, line);

	if (has || !equals || strcmp(equals, "=n") != 0)
		return has;
	head = xstrndup(line, (size_t)(equals - line) + 1);
	unset = strstr(config, head);
	has = !unset || (unset != config && unset[-1] != '\n');
	free(head);
	return has;
}

void kernel_config_missing(const char *fragment, const char *config, struct strv *missing)
{
	struct strv lines = STRV_INIT;

	strv_split(&lines, fragment, "\n");
	for (size_t i = 0; i < lines.n; i++)
		if (strncmp(lines.v[i], "CONFIG_", 7) == 0 && !has_value(config, lines.v[i]))
			strv_push(missing, lines.v[i]);
	strv_release(&lines);
}

/* --- two of them --- */

/* Splits a line of a configuration in place; NULL: it says nothing of an option. */
static const char *option_of(char *line, const char **value)
{
	char *equals = strchr(line, '='), *end = strstr(line, " is not set");

	if (strncmp(line, "CONFIG_", 7) == 0 && equals) {
		*equals = '\0';
		*value = equals + 1;
		return line;
	}
	if (strncmp(line, "# CONFIG_", 9) || !end)
		return NULL;
	*end = '\0';
	*value = "n";
	return line + 2;
}

static char *value_in(const char *config, const char *option)
{
	char *head = xasprintf("%s=", option);
	const char *at = config;

	for (; (at = strstr(at, head)); at++)
		if (at == config || at[-1] == '\n')
			break;
	if (at)
		at += strlen(head);
	free(head);
	return at ? xstrndup(at, strcspn(at, "\n")) : xstrdup("n");
}

static void differ_one_way(const char *was, const char *is, bool forth, struct strv *differ)
{
	struct strv lines = STRV_INIT;

	strv_split(&lines, is, "\n");
	for (size_t i = 0; i < lines.n; i++) {
		const char *value, *option = option_of(lines.v[i], &value);
		char *old = option ? value_in(was, option) : NULL;

		/* back again only what the new one does not name */
		if (old && strcmp(old, value) && (forth || !strcmp(old, "n")))
			strv_pushf(differ, "%s: %s, was %s", option, forth ? value : old,
				   forth ? old : value);
		free(old);
	}
	strv_release(&lines);
}

void kernel_config_differ(const char *was, const char *is, struct strv *differ)
{
	struct strv back = STRV_INIT;

	differ_one_way(was, is, true, differ);
	differ_one_way(is, was, false, &back);
	for (size_t i = 0; i < back.n; i++) {
		size_t name = strcspn(back.v[i], ":") + 1;
		bool said = false;

		for (size_t j = 0; j < differ->n; j++)
			said |= strncmp(differ->v[j], back.v[i], name) == 0;
		if (!said)
			strv_push(differ, back.v[i]);
	}
	strv_release(&back);
}

/* --- making one --- */

void kernel_recipe_set(struct kernel_recipe *r, const char *config, const struct strv *fragments)
{
	r->config = config ? paths_named(config) : NULL;
	for (size_t i = 0; i < fragments->n; i++) {
		char *path = paths_named(fragments->v[i]);

		strv_push(&r->fragments, path);
		free(path);
	}
}

void kernel_recipe_release(struct kernel_recipe *r)
{
	free(r->config);
	strv_release(&r->fragments);
	strv_release(&r->job);
}

void kernel_recipe_argv(const struct kernel_recipe *r, struct strv *argv)
{
	if (r->config)
		strv_pushf(argv, "--config=%s", r->config);
	for (size_t i = 0; i < r->fragments.n; i++)
		strv_pushf(argv, "--fragment=%s", r->fragments.v[i]);
}

int kernel_recipe_missing(const struct kernel_recipe *r, const char *config, struct strv *missing,
			  struct err *err)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < r->fragments.n; i++) {
		struct str text = STR_INIT;

		ret = fs_read(r->fragments.v[i], &text, err);
		kernel_config_missing(str_text(&text), config, missing);
		str_release(&text);
	}
	return ret;
}

/* The options that either commit's Kconfig files have, "CONFIG_X=y" a line each. */
static void options_of(const struct git *g, const char *base, const char *tip, struct str *out)
{
	const char *const grep[] = {"grep",	 "-hE", "^[[:space:]]*(menu)?config[[:space:]]",
				    base,	 tip,	"--",
				    "*Kconfig*", NULL};
	struct str said = STR_INIT;
	struct strv lines = STRV_INIT;
	struct err none; /* it fails where it finds nothing */

	git_own(g, grep, &said, &none);
	strv_split(&lines, str_text(&said), "\n");
	for (size_t i = 0; i < lines.n; i++) {
		const char *name = strstr(lines.v[i], "config") + strlen("config");

		name += strspn(name, " \t");
		str_addf(out, "CONFIG_%.*s=y\n", (int)strcspn(name, " \t\r"), name);
	}
	strv_release(&lines);
	str_release(&said);
}

int kernel_recipe_for_range(struct kernel_recipe *r, const struct git *g, const char *base,
			    const char *tip, struct err *err)
{
	struct strv wanted = STRV_INIT;
	struct str known = STR_INIT;
	int ret = kernel_recipe_missing(r, "", &wanted, err);

	if (ret == 0 && wanted.n)
		options_of(g, base, tip, &known);
	for (size_t i = 0; ret == 0 && i < wanted.n; i++) {
		char *line = xasprintf("%.*s=y", (int)strcspn(wanted.v[i], "="), wanted.v[i]);

		if (!has_line(str_text(&known), line))
			ret = err_set(
				err,
				"a fragment asks for '%s': neither %.12s nor %.12s of '%s' has "
				"such an option",
				wanted.v[i], base, tip, g->dir);
		free(line);
	}
	r->some_may_lack = ret == 0;
	str_release(&known);
	strv_release(&wanted);
	return ret;
}

static int must_have(const char *file, const char *config, const char *out, struct err *err)
{
	struct str text = STR_INIT;
	struct strv missing = STRV_INIT;
	int ret = fs_read(file, &text, err);

	kernel_config_missing(str_text(&text), config, &missing);
	if (ret == 0 && missing.n)
		ret = err_set(
			err,
			"%s: this kernel's configuration does not take '%s', the first of %zu "
			"such lines; what it takes is in '%s/.config'",
			file, missing.v[0], missing.n, out);
	strv_release(&missing);
	str_release(&text);
	return ret;
}

/* Copies the user's own, and says what of it a guest changes. */
static int take_own(const struct kernel_make *m, const char *own, const char *guest,
		    struct err *err)
{
	char *path = xasprintf("%s/.config", m->out);
	struct str text = STR_INIT, needs = STR_INIT;
	struct strv missing = STRV_INIT;
	int ret = fs_read(own, &text, err);

	if (ret == 0)
		ret = fs_read(guest, &needs, err);
	if (ret == 0 && !strstr(str_text(&text), "CONFIG_"))
		ret = err_set(err, "'%s' is no kernel's configuration: it has no CONFIG_ line",
			      own);
	if (ret == 0)
		ret = fs_write_atomic(path, text.buf, text.len, err);
	if (ret == 0)
		kernel_config_missing(str_text(&needs), text.buf, &missing);
	for (size_t i = 0; i < missing.n; i++)
		fprintf(stderr, "%s: set for the guest, beside '%s'\n", missing.v[i], own);
	strv_release(&missing);
	str_release(&needs);
	str_release(&text);
	free(path);
	return ret;
}

int kernel_configure(struct kernel_make *m, const struct kernel_recipe *r, struct str *config,
		     struct err *err)
{
	char *path = xasprintf("%s/.config", m->out), *guest = paths_config("kernel/guest.config");
	char *base = paths_config("kernel/base.config");
	struct strv merged = STRV_INIT;
	struct str text = STR_INIT;
	int ret;

	strv_push(&merged, guest);
	if (!r->config)
		strv_push(&merged, base);
	for (size_t i = 0; i < r->fragments.n; i++)
		strv_push(&merged, r->fragments.v[i]);
	ret = r->config ? take_own(m, r->config, guest, err) : kernel_make(m, "tinyconfig", 1, err);
	if (ret == 0)
		ret = kernel_merge(m, &merged, err);
	if (ret == 0)
		ret = kernel_make(m, "olddefconfig", 1, err);
	if (ret == 0)
		ret = fs_read(path, &text, err);
	/* base.config is for all releases: what one does not know it does without */
	if (ret == 0)
		ret = must_have(guest, str_text(&text), m->out, err);
	for (size_t i = 0; ret == 0 && !r->some_may_lack && i < r->fragments.n; i++)
		ret = must_have(r->fragments.v[i], str_text(&text), m->out, err);
	if (ret == 0 && config)
		str_addn(config, text.buf, text.len);
	str_release(&text);
	strv_release(&merged);
	free(base);
	free(guest);
	free(path);
	return ret;
}

int kernel_recipe_text(const struct kernel_recipe *r, struct str *out, struct err *err)
{
	char *guest = paths_config("kernel/guest.config"),
	     *base = paths_config("kernel/base.config");
	int ret;

	str_addf(out, "%s\n", r->config ? "own" : "tiny");
	ret = fs_read(r->config ? r->config : base, out, err);
	if (ret == 0)
		ret = fs_read(guest, out, err);
	for (size_t i = 0; ret == 0 && i < r->fragments.n; i++) {
		str_add(out, "\nfragment\n");
		ret = fs_read(r->fragments.v[i], out, err);
	}
	free(base);
	free(guest);
	return ret;
}
