#include "runner/campaign/grub.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/spawn.h"
#include "runner/campaign/state.h"

#define BEGIN "### BEGIN mlocklab campaign ###\n"
#define END "### END mlocklab campaign ###\n"
/* The variable of grubenv that our entries put on the command line. */
#define VARIABLE "mlocklab_boot"

static const char custom[] = GRUB_DIR "/custom.cfg";
static const char config[] = GRUB_DIR "/grub.cfg";

const char *grub_lacks(const char *cfg)
{
	if (!strstr(cfg, "next_entry"))
		return "next_entry";
	if (!strstr(cfg, "custom.cfg"))
		return "custom.cfg";
	return NULL;
}

/* What a program prints, without the newline at its end. */
static int ask(const char *program, const char *option, const char *path, struct str *out,
	       struct err *err)
{
	char *argv[] = {(char *)program, (char *)(option ? option : path),
			(char *)(option ? path : NULL), NULL};

	if (spawn_capture(argv, out, err) < 0)
		return -1;
	if (out->len)
		out->buf[strcspn(out->buf, "\n")] = '\0';
	return 0;
}

static int edit(const char *verb, const char *one, const char *two, struct err *err)
{
	static char env[] = GRUB_DIR "/grubenv";
	char *argv[] = {"grub-editenv", env, (char *)verb, (char *)one, (char *)two, NULL};

	return spawn_run(argv, err);
}

int grub_check(struct err *err)
{
	static const char *const programs[] = {"grub-editenv", "grub-probe", "grub-mkrelpath"};
	struct str text = STR_INIT, layer = STR_INIT;
	struct err why;
	const char *lacks;
	int ret = 0;

	if (fs_read(config, &text, &why) < 0)
		return err_set(
			err, "no GRUB to boot by: %s; another boot loader a campaign does not know",
			why.text);
	lacks = grub_lacks(str_text(&text));
	for (size_t i = 0; ret == 0 && i < sizeof(programs) / sizeof(*programs); i++) {
		char *path = spawn_which(programs[i]);

		if (!path)
			ret = err_set(err, "no program '%s': install grub2-common", programs[i]);
		free(path);
	}
	if (ret == 0 && lacks)
		ret = err_set(err, "'%s' does not obey %s: let update-grub write it", config,
			      lacks);
	if (ret == 0 && !fs_exists(GRUB_DIR "/grubenv"))
		ret = err_set(err,
			      "no '%s', which says what is booted next: 'grub-editenv %s create' "
			      "makes it",
			      GRUB_DIR "/grubenv", GRUB_DIR "/grubenv");
	/* what GRUB can read but not write, it would start again and again */
	if (ret == 0)
		ret = ask("grub-probe", "--target=abstraction", GRUB_DIR, &layer, err);
	if (ret == 0 && *str_text(&layer))
		ret = err_set(
			err,
			"'%s' is on %s, where GRUB cannot clear next_entry: a kernel that does not "
			"boot would be started for ever; a plain partition for /boot would be "
			"right",
			GRUB_DIR, layer.buf);
	str_release(&layer);
	if (ret == 0)
		ret = ask("grub-probe", "--target=fs", GRUB_DIR, &layer, err);
	if (ret == 0 && (!strcmp(str_text(&layer), "btrfs") || !strcmp(str_text(&layer), "zfs")))
		ret = err_set(
			err,
			"'%s' is on %s, where GRUB cannot clear next_entry: a kernel that does not "
			"boot would be started for ever; ext4 for /boot would be right",
			GRUB_DIR, layer.buf);
	str_release(&layer);
	str_release(&text);
	return ret;
}

/* Words in single quotes, in which GRUB's script takes nothing but the quote itself as its own. */
static int add_words(struct str *out, const char *text, struct err *err)
{
	struct strv words = STRV_INIT;
	int ret = strchr(text, '\'')
			  ? err_set(err,
				    "the command line \"%s\" has a single quote, which GRUB's menu "
				    "cannot hold",
				    text)
			  : 0;

	strv_split(&words, text, " \t\n");
	for (size_t i = 0; ret == 0 && i < words.n; i++)
		str_addf(out, " '%s'", words.v[i]);
	strv_release(&words);
	return ret;
}

/* The id of the menu that a line of grub.cfg opens, its length in n; or NULL. */
static const char *id_of(const char *line, size_t len, size_t *n)
{
	static const char option[] = "$menuentry_id_option '";
	const char *at = memmem(line, len, option, strlen(option)), *end;

	if (!at)
		return NULL;
	at += strlen(option);
	end = memchr(at, '\'', len - (size_t)(at - line));
	*n = end ? (size_t)(end - at) : 0;
	return end ? at : NULL;
}

char *grub_entry_of(const char *cfg, const char *release)
{
	char *want = xasprintf("gnulinux-%s-advanced-", release), *found = NULL;
	const char *submenu = NULL;
	size_t submenu_n = 0, n = 0;

	for (const char *line = cfg; *line && !found;) {
		size_t len = strcspn(line, "\n");
		const char *text = line + strspn(line, " \t"), *id = id_of(line, len, &n);

		if (strncmp(line, "submenu ", 8) == 0) {
			submenu = id;
			submenu_n = n;
		} else if (*line == '}') {
			submenu = NULL;
		} else if (id && strncmp(text, "menuentry ", 10) == 0 &&
			   strncmp(id, want, strlen(want)) == 0 && (text == line || submenu)) {
			found = xasprintf("%.*s%s%.*s", submenu ? (int)submenu_n : 0,
					  submenu ? submenu : "", submenu ? ">" : "", (int)n, id);
		}
		line += len + (line[len] == '\n');
	}
	free(want);
	return found;
}

char *grub_find(const char *release, struct err *err)
{
	struct str cfg = STR_INIT;
	char *entry = NULL;

	if (fs_read(config, &cfg, err) == 0) {
		entry = strstr(str_text(&cfg), "boot_once") ? grub_entry_of(cfg.buf, release)
							    : NULL;
		if (!entry)
			err_set(err,
				"'%s' has no entry of %s, which runs now, to come back to: let "
				"update-grub write it, or install the kernels first and name them "
				"boot:RELEASE",
				config, release);
	}
	str_release(&cfg);
	return entry;
}

int grub_text(const char *was, const struct grub_entry *v, size_t n, const char *root,
	      const char *pin, struct str *out, struct err *err)
{
	const char *begin = strstr(was, BEGIN), *end = begin ? strstr(begin, END) : NULL;
	int ret = 0;

	/* a part without its end was written by nobody: all that follows is ours */
	str_addn(out, was, begin ? (size_t)(begin - was) : strlen(was));
	if (end)
		str_add(out, end + strlen(END));
	if (!n && !pin)
		return 0;
	if (out->len && out->buf[out->len - 1] != '\n')
		str_add(out, "\n");
	str_add(out, BEGIN);
	if (pin) /* set by grub.cfg where it has obeyed next_entry */
		str_addf(out, "if [ \"${boot_once}\" != true ]; then\n\tset default='%s'\nfi\n",
			 pin);
	str_add(out, "export " VARIABLE "\n");
	for (size_t i = 0; ret == 0 && i < n; i++) {
		str_addf(out, "menuentry 'mlocklab %s' --id 'mlocklab-%s' {\n", v[i].arm, v[i].arm);
		if (*root)
			str_addf(out, "\tsearch --no-floppy --fs-uuid --set=root %s\n", root);
		str_addf(out, "\techo 'mlocklab: %s, boot '\"${" VARIABLE "}\"\n", v[i].arm);
		str_addf(out, "\tlinux '%s'", v[i].image);
		ret = add_words(out, v[i].cmdline, err);
		str_addf(out, " " CAMPAIGN_MARK "=${" VARIABLE "}\n");
		if (v[i].initrd)
			str_addf(out, "\tinitrd '%s'\n", v[i].initrd);
		str_add(out, "}\n");
	}
	str_add(out, END);
	return ret;
}

/* Paths as GRUB knows them: from the top of the file system that they lie in. */
static int relative(struct grub_entry *to, const struct grub_entry *from, struct err *err)
{
	struct str image = STR_INIT, initrd = STR_INIT;

	*to = *from;
	if (ask("grub-mkrelpath", NULL, from->image, &image, err) < 0 ||
	    (from->initrd && ask("grub-mkrelpath", NULL, from->initrd, &initrd, err) < 0)) {
		str_release(&image);
		str_release(&initrd);
		return -1;
	}
	to->image = image.buf;
	to->initrd = initrd.buf;
	return 0;
}

int grub_entries(const struct grub_entry *v, size_t n, const char *pin, struct err *err)
{
	struct grub_entry *own = xcalloc(n + 1, sizeof(*own));
	struct str was = STR_INIT, out = STR_INIT, root = STR_INIT;
	size_t made = 0;
	int ret = 0;

	if (fs_exists(custom))
		ret = fs_read(custom, &was, err);
	if (ret == 0 && n)
		ret = ask("grub-probe", "--target=fs_uuid", v[0].image, &root, err);
	for (; ret == 0 && made < n; made++)
		ret = relative(&own[made], &v[made], err);
	if (ret == 0)
		ret = grub_text(str_text(&was), own, n, str_text(&root), pin, &out, err);
	if (ret == 0 && out.len)
		ret = fs_write_atomic(custom, out.buf, out.len, err);
	else if (ret == 0 && unlink(custom) < 0 && fs_exists(custom))
		ret = err_sys(err, "cannot remove '%s'", custom);
	for (size_t i = 0; i < made; i++) {
		free((char *)own[i].image);
		free((char *)own[i].initrd);
	}
	free(own);
	str_release(&root);
	str_release(&was);
	str_release(&out);
	return ret;
}

int grub_next(const char *arm, int boot, int attempt, struct err *err)
{
	char *entry = xasprintf("next_entry=mlocklab-%s", arm);
	char *mark = xasprintf(VARIABLE "=%d.%d", boot, attempt);
	int ret = edit("set", entry, mark, err);

	free(entry);
	free(mark);
	return ret;
}

int grub_clear(struct err *err)
{
	struct str env = STR_INIT;
	bool is_set = fs_exists(GRUB_DIR "/grubenv") &&
		      fs_read(GRUB_DIR "/grubenv", &env, err) == 0 &&
		      strstr(str_text(&env), VARIABLE "=");

	/* what is not to be changed is not written: see room_check() */
	str_release(&env);
	return is_set ? edit("unset", "next_entry", VARIABLE, err) : 0;
}
