#include "runner/boot/program.h"

#include <glob.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "lib/spawn.h"

static void add_once(struct strv *paths, const char *path)
{
	for (size_t i = 0; i < paths->n; i++)
		if (strcmp(paths->v[i], path) == 0)
			return;
	strv_push(paths, path);
}

void program_ldd_argv(const char *path, struct strv *argv)
{
	strv_push(argv, "ldd");
	strv_push(argv, path);
}

void program_parse_ldd(const char *text, struct strv *paths)
{
	struct strv words = STRV_INIT;

	/* Whatever stands between blanks and begins with a slash is a file. */
	strv_split(&words, text, " \t\n");
	for (size_t i = 0; i < words.n; i++)
		if (words.v[i][0] == '/')
			add_once(paths, words.v[i]);
	strv_release(&words);
}

/* QEMU loads its emulator by name, where a distribution builds that apart: no list of libraries has
 * it. */
static void add_module(const char *program, struct strv *paths)
{
	const char *base = strrchr(program, '/');
	char *pattern;
	glob_t found;

	if (!base || strncmp(base, "/qemu-system-", strlen("/qemu-system-")) != 0)
		return;
	pattern = xasprintf("%.*s/../lib/*/qemu/accel-tcg-%s.so", (int)(base - program), program,
			    base + strlen("/qemu-system-"));
	if (glob(pattern, 0, NULL, &found) == 0) {
		char *path = realpath(found.gl_pathv[0], NULL);

		if (path)
			add_once(paths, path);
		free(path);
		globfree(&found);
	}
	free(pattern);
}

int program_files(const char *program, struct strv *paths, struct err *err)
{
	char *path = strchr(program, '/') ? xstrdup(program) : spawn_which(program);
	struct strv argv = STRV_INIT;
	struct str said = STR_INIT;
	int ret;

	if (!path)
		return err_set(err, "no program '%s' on PATH: install the package that has it",
			       program);
	program_ldd_argv(path, &argv);
	ret = spawn_capture(argv.v, &said, err);
	if (ret == 0) {
		add_once(paths, path);
		program_parse_ldd(str_text(&said), paths);
		add_module(path, paths);
	}
	str_release(&said);
	strv_release(&argv);
	free(path);
	return ret;
}
