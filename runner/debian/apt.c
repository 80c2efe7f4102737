#include "runner/debian/apt.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/spawn.h"

#define KEYRINGS "/usr/share/keyrings/debian-archive-keyring"

/* Runs argv, which it releases, and appends what it says to out. */
static int ask(struct strv *argv, struct str *out, struct err *err)
{
	int ret = spawn_capture(argv->v, out, err);

	strv_release(argv);
	return ret;
}

void apt_argv(struct strv *argv, const struct apt *a, const char *tool, const char *verb)
{
	strv_push(argv, tool);
	strv_push(argv, "-c");
	strv_push(argv, a->conf);
	strv_push(argv, verb);
}

static const char *keyring(struct err *err)
{
	static const char *const paths[] = {KEYRINGS ".gpg", KEYRINGS ".pgp"};

	for (int i = 0; i < 2; i++)
		if (fs_exists(paths[i]))
			return paths[i];
	err_set(err,
		"cannot check Debian's signatures: '%s' is missing; "
		"run: apt-get install debian-archive-keyring",
		paths[0]);
	return NULL;
}

static int write_sources(const struct apt *a, const struct strv *suites, const char *base,
			 const char *security, struct err *err)
{
	const char *key = keyring(err);
	char *path, *main_uri, *security_uri;
	struct str s = STR_INIT;
	int ret;

	if (!key)
		return -1;
	main_uri = apt_bare_uri(base);
	security_uri = security ? apt_bare_uri(security) : xasprintf("%s-security", main_uri);
	for (size_t i = 0; i < suites->n; i++) {
		const char *dash = strrchr(suites->v[i], '-');
		bool sec = dash && strcmp(dash, "-security") == 0;

		str_addf(&s, "deb [signed-by=%s arch=amd64 target=Packages] %s %s main\n", key,
			 sec ? security_uri : main_uri, suites->v[i]);
	}
	path = xasprintf("%s/sources.list", a->dir);
	ret = fs_write_atomic(path, str_text(&s), s.len, err);
	free(path);
	free(main_uri);
	free(security_uri);
	str_release(&s);
	return ret;
}

/*
 * Signatures are checked whatever this host lets pass for itself (apt-secure(8)). Its hooks after
 * an update, its pins and its default release would change the host or what is found; apt's own
 * downloader drops root only to a user who may not reach the cache.
 */
static int write_conf(const struct apt *a, struct err *err)
{
	struct str s = STR_INIT;
	int ret;

	str_add(&s, "#clear APT::Update::Pre-Invoke;\n"
		    "#clear APT::Update::Post-Invoke;\n"
		    "#clear APT::Update::Post-Invoke-Success;\n"
		    "#clear APT::Default-Release;\n"
		    "#clear APT::Architectures;\n"
		    "APT::Architecture \"amd64\";\n"
		    "APT::Architectures { \"amd64\"; };\n"
		    "APT::Get::AllowUnauthenticated \"false\";\n"
		    "Acquire::AllowInsecureRepositories \"false\";\n"
		    "Acquire::AllowWeakRepositories \"false\";\n"
		    "Acquire::AllowDowngradeToInsecureRepositories \"false\";\n"
		    "APT::Get::Show-Versions \"false\";\n"
		    "APT::Install-Recommends \"false\";\n"
		    "Acquire::GzipIndexes \"true\";\n"
		    "Acquire::Languages \"none\";\n"
		    "Acquire::PDiffs \"false\";\n"
		    "Acquire::Retries \"2\";\n"
		    "Acquire::http::Timeout \"15\";\n"
		    "Acquire::https::Timeout \"15\";\n"
		    "Dir::Etc::sourceparts \"/dev/null\";\n"
		    "Dir::Etc::preferences \"/dev/null\";\n"
		    "Dir::Etc::preferencesparts \"/dev/null\";\n");
	str_addf(&s, "Dir::Etc::sourcelist \"%s/sources.list\";\n", a->dir);
	str_addf(&s, "Dir::State \"%s/state\";\n", a->dir);
	str_addf(&s, "Dir::State::status \"%s/state/status\";\n", a->dir);
	str_addf(&s, "Dir::Cache \"%s/cache\";\n", a->dir);
	/* Container images turn apt's cache of its lists off, and asking takes seconds then. */
	str_add(&s, "Dir::Cache::pkgcache \"pkgcache.bin\";\n");
	if (geteuid() == 0)
		str_add(&s, "APT::Sandbox::User \"root\";\n");
	ret = fs_write_atomic(a->conf, str_text(&s), s.len, err);
	str_release(&s);
	return ret;
}

static int make_dirs(const struct apt *a, struct err *err)
{
	static const char *const dirs[] = {"state/lists/partial", "cache/archives/partial"};
	char *path;
	int ret = 0;

	for (int i = 0; i < 2 && ret == 0; i++) {
		path = xasprintf("%s/%s", a->dir, dirs[i]);
		ret = fs_mkdirs(path, err);
		free(path);
	}
	path = xasprintf("%s/state/status", a->dir);
	if (ret == 0)
		ret = fs_write_atomic(path, "", 0, err);
	free(path);
	return ret;
}

/* apt wants absolute paths, and knows no way to write a quote in one. */
static int set_dir(struct apt *a, const char *cache, struct err *err)
{
	char *real = realpath(cache, NULL);

	*a = (struct apt){0};
	if (!real)
		return err_sys(err, "cannot use cache directory '%s'", cache);
	if (strchr(real, '"')) {
		free(real);
		return err_set(err,
			       "cache directory '%s' has a quote in its name, which apt "
			       "cannot read; set MLOCKLAB_CACHE to another",
			       cache);
	}
	a->dir = xasprintf("%s/apt", real);
	a->conf = xasprintf("%s/apt.conf", a->dir);
	free(real);
	return 0;
}

int apt_open(struct apt *a, const char *cache, const struct strv *suites, const char *mirror,
	     struct err *err)
{
	char *base = NULL, *security = NULL;
	int ret;

	*a = (struct apt){0};
	if (fs_mkdirs(cache, err) < 0 || set_dir(a, cache, err) < 0)
		return -1;
	ret = make_dirs(a, err);
	if (ret == 0 && mirror)
		base = xstrdup(mirror);
	else if (ret == 0)
		ret = apt_host_mirror(&base, &security, err);
	if (ret == 0)
		ret = write_sources(a, suites, base, security, err);
	if (ret == 0)
		ret = write_conf(a, err);
	if (ret < 0)
		apt_release(a);
	free(base);
	free(security);
	return ret;
}

bool apt_reopen(struct apt *a, const char *cache)
{
	struct err ignored;

	if (set_dir(a, cache, &ignored) < 0)
		return false;
	if (fs_exists(a->conf))
		return true;
	apt_release(a);
	return false;
}

void apt_release(struct apt *a)
{
	free(a->dir);
	free(a->conf);
	*a = (struct apt){0};
}

bool apt_has_lists(const struct apt *a)
{
	char *path = xasprintf("%s/state/lists", a->dir);
	DIR *dir = opendir(path);
	bool found = false;

	for (struct dirent *e; dir && !found && (e = readdir(dir));)
		found = strstr(e->d_name, "_Packages") != NULL;
	if (dir)
		closedir(dir);
	free(path);
	return found;
}

int apt_update(const struct apt *a, struct err *err)
{
	struct strv argv = STRV_INIT;
	struct str text = STR_INIT;
	int ret;

	apt_argv(&argv, a, "apt-get", "update");
	strv_push(&argv, "-q");
	strv_push(&argv, "-o");
	strv_push(&argv, "APT::Update::Error-Mode=any");
	ret = spawn_capture(argv.v, &text, err);
	/* apt complains once for each list; the first complaint is as good as the rest. */
	if (ret < 0)
		err->text[strcspn(err->text, "\n")] = '\0';
	if (ret < 0 && apt_has_lists(a)) {
		fprintf(stderr,
			"mlocklab: not every package list could be fetched, going on with "
			"those that are there: %s\n",
			err->text);
		ret = 0;
	} else if (ret < 0) {
		err_prefix(err, "cannot fetch package lists, is the network there?");
	}
	strv_release(&argv);
	str_release(&text);
	return ret;
}

int apt_names(const struct apt *a, const char *prefix, struct strv *names, struct err *err)
{
	struct strv argv = STRV_INIT;
	struct str text = STR_INIT;
	int ret;

	apt_argv(&argv, a, "apt-cache", "pkgnames");
	strv_push(&argv, prefix);
	ret = ask(&argv, &text, err);
	if (ret == 0)
		strv_split(names, str_text(&text), "\n");
	str_release(&text);
	return ret;
}

int apt_versions(const struct apt *a, const struct strv *names, struct apt_packages *out,
		 struct err *err)
{
	struct strv argv = STRV_INIT;
	struct str text = STR_INIT;
	int ret;

	if (!names->n)
		return 0;
	apt_argv(&argv, a, "apt-cache", "madison");
	for (size_t i = 0; i < names->n; i++)
		strv_push(&argv, names->v[i]);
	ret = ask(&argv, &text, err);
	if (ret == 0)
		apt_parse_madison(str_text(&text), out);
	str_release(&text);
	return ret;
}

int apt_show(const struct apt *a, const char *package, struct str *out, struct err *err)
{
	struct strv argv = STRV_INIT;

	apt_argv(&argv, a, "apt-cache", "show");
	strv_push(&argv, package);
	return ask(&argv, out, err);
}

int apt_closure(const struct apt *a, const char *package, struct strv *out, struct err *err)
{
	struct strv argv = STRV_INIT;
	struct str text = STR_INIT;
	int ret;

	apt_argv(&argv, a, "apt-get", "install");
	strv_push(&argv, "-s");
	strv_push(&argv, "-q");
	strv_push(&argv, package);
	ret = ask(&argv, &text, err);
	if (ret == 0)
		apt_parse_simulation(str_text(&text), out);
	str_release(&text);
	return ret;
}

static int is_deb(const struct dirent *e)
{
	const char *dot = strrchr(e->d_name, '.');

	return dot && strcmp(dot, ".deb") == 0;
}

static int list_debs(const char *dir, struct strv *files, struct err *err)
{
	struct dirent **names;
	int n = scandir(dir, &names, is_deb, alphasort);

	if (n < 0)
		return err_sys(err, "cannot read '%s'", dir);
	for (int i = 0; i < n; i++) {
		strv_pushf(files, "%s/%s", dir, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	return 0;
}

int apt_download(const struct apt *a, const struct strv *packages, const char *dir,
		 struct strv *files, struct err *err)
{
	struct strv argv = STRV_INIT;
	struct str text = STR_INIT;
	int ret;

	/* apt-get download has no option for where to. */
	strv_push(&argv, "env");
	strv_push(&argv, "-C");
	strv_push(&argv, dir);
	apt_argv(&argv, a, "apt-get", "download");
	strv_push(&argv, "-qq");
	for (size_t i = 0; i < packages->n; i++)
		strv_push(&argv, packages->v[i]);
	ret = ask(&argv, &text, err);
	if (ret < 0)
		err_prefix(err, "cannot download packages");
	else
		ret = list_debs(dir, files, err);
	str_release(&text);
	return ret;
}
