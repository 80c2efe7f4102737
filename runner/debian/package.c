#include "runner/debian/package.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "lib/spawn.h"
#include "runner/debian/deb.h"

#define IMAGE "linux-image-"

/* The ABI's name, "6.1.0-56" or "7.2.12+deb13": each part between dashes begins with a digit. */
static bool is_abi(const char *s, size_t n)
{
	int dots = 0;

	for (size_t i = 0; i < n; i++) {
		if ((i == 0 || s[i - 1] == '-') && !isdigit((unsigned char)s[i]))
			return false;
		if (s[i] == '.')
			dots++;
	}
	return dots >= 2;
}

static bool is_image_name(const char *package, const char *flavour)
{
	size_t n = strlen(package), f = strlen(flavour), skip = strlen(IMAGE);

	return strncmp(package, IMAGE, skip) == 0 && n > skip + f + 1 &&
	       strcmp(package + n - f, flavour) == 0 && package[n - f - 1] == '-' &&
	       is_abi(package + skip, n - skip - f - 1);
}

bool debian_is_image(const char *package, const char *package_version, const char *version,
		     const char *flavour)
{
	size_t n = version ? strlen(version) : 0;

	if (!is_image_name(package, flavour))
		return false;
	return !version || (strncmp(package_version, version, n) == 0 &&
			    (!package_version[n] || strchr(".-~+", package_version[n])));
}

char *debian_series(const char *package_version)
{
	const char *dot = strchr(package_version, '.');
	size_t n = dot ? (size_t)(dot - package_version) + 1 : 0;

	n += strspn(package_version + n, "0123456789");
	return xstrndup(package_version, n);
}

bool debian_newer(const char *a, const char *b)
{
	char *argv[] = {"dpkg", "--compare-versions", (char *)a, "gt", (char *)b, NULL};
	struct str out = STR_INIT;
	struct err ignored;
	bool newer = spawn_capture(argv, &out, &ignored) == 0;

	str_release(&out);
	return newer;
}

int debian_images(const struct apt *a, const char *flavour, struct apt_packages *out,
		  struct err *err)
{
	struct strv all = STRV_INIT, names = STRV_INIT;
	int ret = apt_names(a, IMAGE, &all, err);

	for (size_t i = 0; ret == 0 && i < all.n; i++)
		if (is_image_name(all.v[i], flavour))
			strv_push(&names, all.v[i]);
	if (ret == 0)
		ret = apt_versions(a, &names, out, err);
	strv_release(&all);
	strv_release(&names);
	return ret;
}

static int by_version(const void *a, const void *b)
{
	return strverscmp(*(char *const *)a, *(char *const *)b);
}

/* "5.10 6.1 6.12": every series once, oldest first. */
static void list_series(const struct apt_packages *images, struct str *out)
{
	struct strv all = STRV_INIT;

	for (size_t i = 0; i < images->n; i++) {
		char *series = debian_series(images->v[i].version);

		strv_push(&all, series);
		free(series);
	}
	if (all.n)
		qsort(all.v, all.n, sizeof(*all.v), by_version);
	for (size_t i = 0; i < all.n; i++)
		if (i == 0 || strcmp(all.v[i], all.v[i - 1]) != 0)
			str_addf(out, " %s", all.v[i]);
	strv_release(&all);
}

const struct apt_package *debian_newest(const struct apt_packages *images, const char *version,
					const char *flavour, struct err *err)
{
	const struct apt_package *best = NULL;
	struct str series = STR_INIT;

	for (size_t i = 0; i < images->n; i++) {
		const struct apt_package *p = &images->v[i];

		if (debian_is_image(p->name, p->version, version, flavour) &&
		    (!best || debian_newer(p->version, best->version)))
			best = p;
	}
	if (!best && images->n) {
		list_series(images, &series);
		err_set(err, "Debian has no kernel %s of flavour %s; there are:%s", version,
			flavour, str_text(&series));
	} else if (!best) {
		err_set(err,
			"Debian has no kernel of flavour '%s'; common ones are cloud-amd64, "
			"amd64 and rt-amd64",
			flavour);
	}
	str_release(&series);
	return best;
}

void debian_own_depends(const char *depends, const char *image, struct strv *names)
{
	static const char *const kinds[] = {"linux-binary-", "linux-modules-", "linux-base-"};
	const char *abi = image + strlen(IMAGE);
	struct strv words = STRV_INIT;

	strv_split(&words, depends, " ,|");
	for (size_t i = 0; i < words.n; i++)
		for (int k = 0; k < 3; k++) {
			size_t n = strlen(kinds[k]);

			if (strncmp(words.v[i], kinds[k], n) == 0 &&
			    strcmp(words.v[i] + n, abi) == 0)
				strv_push(names, words.v[i]);
		}
	strv_release(&words);
}

/* Installed-Size is in KiB, Size in bytes. */
static unsigned long long size_of(const char *control)
{
	char *size = deb_field(control, "Size"), *installed = deb_field(control, "Installed-Size");
	unsigned long long bytes = (size ? strtoull(size, NULL, 10) : 0) +
				   (installed ? strtoull(installed, NULL, 10) * 1024 : 0);

	free(size);
	free(installed);
	return bytes;
}

static bool has(const struct apt_packages *all, const char *name, const char *version)
{
	for (size_t i = 0; i < all->n; i++)
		if (strcmp(all->v[i].name, name) == 0 && strcmp(all->v[i].version, version) == 0)
			return true;
	return false;
}

/* Sorts the names into those that are there in the image's version and those that are not. */
static int sort_parts(const struct apt *a, const struct apt_package *image,
		      const struct strv *names, struct strv *parts, struct strv *missing,
		      struct err *err)
{
	struct apt_packages all = {0};
	int ret = apt_versions(a, names, &all, err);

	for (size_t i = 0; ret == 0 && i < names->n; i++)
		if (has(&all, names->v[i], image->version))
			strv_pushf(parts, "%s=%s", names->v[i], image->version);
		else
			strv_push(missing, names->v[i]);
	apt_packages_release(&all);
	return ret;
}

int debian_parts(const struct apt *a, const struct apt_package *image, struct strv *parts,
		 struct strv *missing, unsigned long long *bytes, struct err *err)
{
	struct str text = STR_INIT;
	struct strv names = STRV_INIT;
	char *depends;
	int ret;

	strv_pushf(parts, "%s=%s", image->name, image->version);
	ret = apt_show(a, parts->v[0], &text, err);
	depends = deb_field(str_text(&text), "Depends");
	*bytes = size_of(str_text(&text));
	if (ret == 0 && depends) {
		debian_own_depends(depends, image->name, &names);
		ret = sort_parts(a, image, &names, parts, missing, err);
	}
	for (size_t i = 1; ret == 0 && i < parts->n; i++) {
		str_clear(&text);
		ret = apt_show(a, parts->v[i], &text, err);
		*bytes += size_of(str_text(&text));
	}
	free(depends);
	strv_release(&names);
	str_release(&text);
	return ret;
}
