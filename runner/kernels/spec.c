#include "runner/kernels/spec.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/suggest.h"

#define FORMS                                                                                      \
	"debian:VERSION[/FLAVOUR], deb:FILE, image:FILE[,config=FILE][,modules=DIR][,map=FILE], "  \
	"git:[DIR@]REV[,config=FILE][,fragment=FILE], built:NAME, boot:RELEASE or running"

static int all_of(const char *s, const char *more)
{
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr(more, *s))
			return 0;
	return 1;
}

static int parse_debian(struct kernel_spec *s, const char *rest, const char *text, struct err *err)
{
	const char *slash = strchr(rest, '/');

	s->kind = SPEC_DEBIAN;
	s->version = xstrndup(rest, slash ? (size_t)(slash - rest) : strlen(rest));
	s->flavour = slash ? xstrdup(slash + 1) : NULL;
	if (!isdigit((unsigned char)*s->version) || !all_of(s->version, ".+~-"))
		return err_set(err,
			       "kernel spec '%s' has no version; write debian:6.1 or "
			       "debian:6.1/amd64",
			       text);
	if (s->flavour && (!*s->flavour || !all_of(s->flavour, "-")))
		return err_set(err,
			       "kernel spec '%s' has no flavour after '/'; write "
			       "debian:%s/amd64",
			       text, s->version);
	return 0;
}

static int parse_image_option(struct kernel_spec *s, const char *word, const char *text,
			      struct err *err)
{
	const struct {
		const char *key;
		char **value;
	} keys[] = {{"config=", &s->config}, {"modules=", &s->modules}, {"map=", &s->map}};

	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		size_t n = strlen(keys[i].key);

		if (strncmp(word, keys[i].key, n) == 0 && word[n]) {
			free(*keys[i].value);
			*keys[i].value = xstrdup(word + n);
			return 0;
		}
	}
	return err_set(err,
		       "kernel spec '%s' has '%s' where config=FILE, modules=DIR or map=FILE "
		       "would be right",
		       text, word);
}

static int parse_image(struct kernel_spec *s, const char *rest, const char *text, struct err *err)
{
	struct strv words = STRV_INIT;
	int ret = 0;

	s->kind = SPEC_IMAGE;
	strv_split(&words, rest, ",");
	if (words.n)
		s->image = xstrdup(words.v[0]);
	else
		ret = err_set(err, "kernel spec '%s' names no file; write image:/boot/vmlinuz",
			      text);
	for (size_t i = 1; ret == 0 && i < words.n; i++)
		ret = parse_image_option(s, words.v[i], text, err);
	strv_release(&words);
	return ret;
}

static int parse_git(struct kernel_spec *s, const char *rest, const char *text, struct err *err)
{
	struct strv words = STRV_INIT;
	int ret = 0;

	s->kind = SPEC_GIT;
	strv_split(&words, rest, ",");
	if (words.n && *rest != ',' && words.v[0][strlen(words.v[0]) - 1] != '@')
		s->name = xstrdup(words.v[0]);
	else
		ret = err_set(err,
			      "kernel spec '%s' names no commit; write git:HEAD, git:v5.17, or "
			      "git:HEAD+ for what is not committed",
			      text);
	for (size_t i = 1; ret == 0 && i < words.n; i++) {
		const char *word = words.v[i];

		if (strncmp(word, "fragment=", 9) == 0 && word[9])
			strv_push(&s->fragments, word + 9);
		else if (strncmp(word, "config=", 7) == 0 && word[7] && !s->config)
			s->config = xstrdup(word + 7);
		else
			ret = err_set(err,
				      "kernel spec '%s' has '%s' where config=FILE, once, or "
				      "fragment=FILE "
				      "would be right",
				      text, word);
	}
	strv_release(&words);
	return ret;
}

/* What no form fits: a form misspelt, a bare version, or a bare file. */
static int unknown_form(const char *text, struct err *err)
{
	static const char *const forms[] = {"debian", "deb",  "image",	"git",
					    "built",  "boot", "running"};
	size_t n = strcspn(text, ":");
	char *head = xstrndup(text, n), meant[128] = "";
	const char *form = suggest(head, forms, sizeof(forms) / sizeof(*forms));

	if (form)
		snprintf(meant, sizeof(meant), "%s%s", form,
			 strcmp(form, "running") ? text + n : "");
	else if (isdigit((unsigned char)*text) && all_of(text, ".+~-/"))
		snprintf(meant, sizeof(meant), "debian:%s", text);
	else if (!text[n] && strchr(text, '/'))
		snprintf(meant, sizeof(meant), "image:%s", text);
	free(head);
	if (*meant)
		return err_set(err, "kernel spec '%s' is none of " FORMS "; did you mean '%s'?",
			       text, meant);
	return err_set(err, "kernel spec '%s' is none of " FORMS, text);
}

static int parse(struct kernel_spec *s, const char *text, struct err *err)
{
	if (strcmp(text, "running") == 0) {
		s->kind = SPEC_RUNNING;
		return 0;
	}
	if (strncmp(text, "debian:", 7) == 0)
		return parse_debian(s, text + 7, text, err);
	if (strncmp(text, "image:", 6) == 0)
		return parse_image(s, text + 6, text, err);
	if (strncmp(text, "git:", 4) == 0)
		return parse_git(s, text + 4, text, err);
	if (strncmp(text, "boot:", 5) == 0) {
		s->kind = SPEC_BOOT;
		s->name = xstrdup(text + 5);
		return *s->name && all_of(s->name, "._+~-") && *s->name != '.'
			       ? 0
			       : err_set(err,
					 "kernel spec '%s' has no release; write boot:RELEASE, as "
					 "in "
					 "/boot/vmlinuz-RELEASE",
					 text);
	}
	if (strncmp(text, "built:", 6) == 0) {
		s->kind = SPEC_BUILT;
		s->name = xstrdup(text + 6);
		return *s->name && all_of(s->name, "._+~-") && *s->name != '.'
			       ? 0
			       : err_set(err,
					 "kernel spec '%s' has no name; write what 'mlocklab "
					 "kernels "
					 "build' printed",
					 text);
	}
	if (strncmp(text, "deb:", 4) != 0)
		return unknown_form(text, err);
	s->kind = SPEC_DEB;
	strv_split(&s->debs, text + 4, ",");
	if (!s->debs.n)
		return err_set(err,
			       "kernel spec '%s' names no file; write "
			       "deb:linux-image-6.1.deb",
			       text);
	return 0;
}

int kernel_spec_parse(struct kernel_spec *s, const char *text, struct err *err)
{
	int ret;

	*s = (struct kernel_spec){0};
	ret = parse(s, text, err);
	if (ret < 0)
		kernel_spec_release(s);
	return ret;
}

void kernel_spec_release(struct kernel_spec *s)
{
	free(s->version);
	free(s->flavour);
	strv_release(&s->debs);
	free(s->name);
	strv_release(&s->fragments);
	free(s->image);
	free(s->config);
	free(s->modules);
	free(s->map);
	*s = (struct kernel_spec){0};
}
