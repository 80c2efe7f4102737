/* Which of Debian's packages is the kernel that a spec means. */
#ifndef RUNNER_DEBIAN_PACKAGE_H
#define RUNNER_DEBIAN_PACKAGE_H

#include <stdbool.h>
#include "lib/err.h"
#include "lib/str.h"
#include "runner/debian/apt.h"

/*
 * Whether a package is an image of a version and flavour: version "6.1" takes every 6.1.x,
 * "6.1.192" that one, NULL any. Meta packages, unsigned and debug images are none.
 */
bool debian_is_image(const char *package, const char *package_version, const char *version,
		     const char *flavour);
/* "6.1" of package version "6.1.192-2": a new string. */
char *debian_series(const char *package_version);
/* Whether version a is newer than b, as dpkg orders them. */
bool debian_newer(const char *a, const char *b);

/* All images of a flavour in the lists, appended to out, in no order. */
int debian_images(const struct apt *a, const char *flavour, struct apt_packages *out,
		  struct err *err);
/*
 * The newest image of a version; points into images. NULL where there is none, with the series
 * that there are in err.
 */
const struct apt_package *debian_newest(const struct apt_packages *images, const char *version,
					const char *flavour, struct err *err);
/*
 * The packages that together hold the kernel of an image package, each NAME=VERSION, itself first:
 * newer images are split into linux-binary-, linux-modules- and linux-base- packages. Mirrors keep
 * a replaced kernel's image longer than its modules and configuration: what is gone is in missing.
 * bytes: what the parts take, packed and unpacked.
 */
int debian_parts(const struct apt *a, const struct apt_package *image, struct strv *parts,
		 struct strv *missing, unsigned long long *bytes, struct err *err);
/* The pure part: names in a Depends line that belong to the same kernel as image. */
void debian_own_depends(const char *depends, const char *image, struct strv *names);

#endif
