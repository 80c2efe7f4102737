/*
 * Debian's archive through apt, with configuration, lists and cache of its own below one directory:
 * nothing of the host is read but its proxy and transport settings, nothing is changed, root is not
 * needed. What apt hands over has passed its signature checks.
 */
#ifndef RUNNER_DEBIAN_APT_H
#define RUNNER_DEBIAN_APT_H

#include <stdbool.h>
#include <stddef.h>
#include "lib/err.h"
#include "lib/str.h"

struct apt {
	char *dir;  /* holds apt.conf, sources.list, state/, cache/ */
	char *conf; /* the path of apt.conf */
};

struct apt_package {
	char *name, *version, *suite;
};

struct apt_packages {
	struct apt_package *v;
	size_t n;
};

/*
 * Prepares CACHE/apt for these suites. mirror: the URI that holds dists/, its security archive at
 * the same URI with "-security" added; NULL asks this machine's apt which one it uses.
 */
int apt_open(struct apt *a, const char *cache, const struct strv *suites, const char *mirror,
	     struct err *err);
/* Takes CACHE/apt as an earlier apt_open left it. False: there is none. */
bool apt_reopen(struct apt *a, const char *cache);
void apt_release(struct apt *a);

/* Whether package lists are there, of whatever age. */
bool apt_has_lists(const struct apt *a);
/* Fetches the lists. Fails when nothing usable came; a suite that is missing is warned of. */
int apt_update(const struct apt *a, struct err *err);
/* Names of the packages that begin with prefix, appended to names. */
int apt_names(const struct apt *a, const char *prefix, struct strv *names, struct err *err);
/* Every version of the named packages and the suite it is in, appended to out. */
int apt_versions(const struct apt *a, const struct strv *names, struct apt_packages *out,
		 struct err *err);
void apt_packages_release(struct apt_packages *p);
/* The control text of NAME=VERSION, appended to out. */
int apt_show(const struct apt *a, const char *package, struct str *out, struct err *err);
/* What installing package on an empty machine takes, itself included, each as NAME=VERSION. */
int apt_closure(const struct apt *a, const char *package, struct strv *out, struct err *err);
/* Downloads packages, each NAME=VERSION, into dir, and appends the paths of the files to files. */
int apt_download(const struct apt *a, const struct strv *packages, const char *dir,
		 struct strv *files, struct err *err);

/* Asks this machine's apt for Debian's mirror and its security archive (NULL: it names none). */
int apt_host_mirror(char **base, char **security, struct err *err);
/* A URI without the slashes at its end, a new string. */
char *apt_bare_uri(const char *uri);
/*
 * Asks the mirror (NULL: this machine's own) for the release file of a suite, waiting a few seconds
 * at most. uri: what was asked, a new string, also where it fails and a mirror is known.
 */
int apt_reach(const char *mirror, const char *suite, char **uri, struct err *err);

/* --- the pure parts, for tests --- */

/* The command that downloads one file to path, with this machine's apt and its proxies. */
void apt_reach_argv(struct strv *argv, const char *uri, const char *path);
/* Appends "TOOL -c CONF VERB" to argv; the caller adds what the verb is about. */
void apt_argv(struct strv *argv, const struct apt *a, const char *tool, const char *verb);
/* The command that asks this machine's apt for its sources. */
void apt_sources_argv(struct strv *argv);
/* Finds Debian's mirror and its security archive in what that command says. New strings. */
int apt_parse_mirror(const char *targets, char **base, char **security, struct err *err);
/* Reads what `apt-cache madison` says; a line that is not of its form is left out. */
void apt_parse_madison(const char *text, struct apt_packages *out);
/* Reads the NAME=VERSION of what `apt-get -s install` would install. */
void apt_parse_simulation(const char *text, struct strv *out);

#endif
