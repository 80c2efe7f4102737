#include "runner/debian/apt.h"

#include <stdlib.h>
#include <string.h>
#include "lib/scratch.h"
#include "lib/spawn.h"

void apt_sources_argv(struct strv *argv)
{
	strv_push(argv, "apt-get");
	strv_push(argv, "indextargets");
	strv_push(argv, "--format");
	strv_push(argv, "$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)");
	strv_push(argv, "Created-By: Packages");
}

/* Asks twice, since apt names the origin only of lists it has fetched, and no other target then. */
int apt_host_mirror(char **base, char **security, struct err *err)
{
	struct strv argv = STRV_INIT;
	struct str text = STR_INIT;
	int ret;

	apt_sources_argv(&argv);
	ret = spawn_capture(argv.v, &text, err);
	strv_push(&argv, "--no-release-info");
	if (ret == 0)
		ret = spawn_capture(argv.v, &text, err);
	if (ret == 0)
		ret = apt_parse_mirror(str_text(&text), base, security, err);
	strv_release(&argv);
	str_release(&text);
	return ret;
}

char *apt_bare_uri(const char *uri)
{
	size_t n = strlen(uri);

	while (n && uri[n - 1] == '/')
		n--;
	return xstrndup(uri, n);
}

void apt_reach_argv(struct strv *argv, const char *uri, const char *path)
{
	static const char *const opts[] = {"Acquire::Retries=0", "Acquire::http::Timeout=5",
					   "Acquire::https::Timeout=5", "APT::Sandbox::User=root"};

	strv_push(argv, "/usr/lib/apt/apt-helper");
	for (int i = 0; i < 4; i++) {
		strv_push(argv, "-o");
		strv_push(argv, opts[i]);
	}
	strv_push(argv, "download-file");
	strv_push(argv, uri);
	strv_push(argv, path);
}

int apt_reach(const char *mirror, const char *suite, char **uri, struct err *err)
{
	char *base = NULL, *security = NULL, *bare, *path, *dir;
	struct strv argv = STRV_INIT;
	struct str out = STR_INIT;
	int ret = -1;

	*uri = NULL;
	if (mirror)
		base = xstrdup(mirror);
	else if (apt_host_mirror(&base, &security, err) < 0)
		return -1;
	bare = apt_bare_uri(base);
	*uri = xasprintf("%s/dists/%s/InRelease", bare, suite);
	dir = scratch_make("apt", err);
	if (dir) {
		path = xasprintf("%s/InRelease", dir);
		apt_reach_argv(&argv, *uri, path);
		ret = spawn_capture(argv.v, &out, err);
		free(path);
		scratch_remove(dir);
	}
	strv_release(&argv);
	str_release(&out);
	free(bare);
	free(base);
	free(security);
	return ret;
}
