#include "runner/qemu/find.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "lib/fs.h"
#include "lib/spawn.h"
#include "runner/qemu/cache.h"

#define PROGRAM "qemu-system-x86_64"

char *qemu_parse_version(const char *text)
{
	const char *v = strstr(text, "version ");
	size_t n;

	if (!v)
		return NULL;
	v += strlen("version ");
	n = strspn(v, "0123456789.");
	return n && isdigit((unsigned char)*v) ? xstrndup(v, n) : NULL;
}

/* Its version; with sandbox only where it can filter its own system calls, which some builds and
 * kernels cannot. */
static int ask_version(struct target *t, bool sandbox, struct err *err)
{
	struct strv argv = STRV_INIT;
	struct str out = STR_INIT;
	int ret;

	for (size_t i = 0; i < t->qemu.n; i++)
		strv_push(&argv, t->qemu.v[i]);
	if (sandbox) {
		strv_push(&argv, "-sandbox");
		strv_push(&argv, target_sandbox);
	}
	strv_push(&argv, "--version");
	ret = spawn_capture(argv.v, &out, err);
	if (ret == 0) {
		t->qemu_version = qemu_parse_version(str_text(&out));
		if (!t->qemu_version)
			ret = err_set(err, "'%s --version' names no version", t->qemu.v[0]);
	}
	t->sandbox = sandbox && ret == 0;
	str_release(&out);
	strv_release(&argv);
	return ret;
}

int qemu_find(struct target *t, const char *path, struct err *err)
{
	char *binary = NULL;
	int ret = 0;

	if (path && strcmp(path, "cached") == 0) {
		ret = qemu_cache_prefix(&t->qemu, &binary, err);
	} else {
		binary = spawn_which(path ? path : PROGRAM);
		if (!binary && path)
			ret = err_set(err,
				      "no program '%s': --qemu takes the path of a " PROGRAM
				      ", or 'cached' after 'mlocklab qemu fetch'",
				      path);
		else if (!binary)
			ret = err_set(err,
				      "no " PROGRAM " on PATH: run 'make deps', or install the "
				      "package qemu-system-x86");
		else
			strv_push(&t->qemu, binary);
	}
	if (ret == 0)
		ret = fs_sha256(binary, t->qemu_sha256, err);
	if (ret == 0)
		ret = ask_version(t, true, err) < 0 ? ask_version(t, false, err) : 0;
	free(binary);
	return ret;
}
