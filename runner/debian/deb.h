/* Debian packages as archives: what they say of themselves and the files they hold. */
#ifndef RUNNER_DEBIAN_DEB_H
#define RUNNER_DEBIAN_DEB_H

#include "lib/err.h"
#include "lib/str.h"

struct deb_control {
	char *package, *version, *arch;
};

/*
 * Packages are read in a jail (lib/jailed.h): an error of the archive library's is then one of a
 * process without rights that can write to dir alone.
 *
 * Reads the control file of a package. c is empty on failure.
 */
int deb_control(struct deb_control *c, const char *deb, struct err *err);
void deb_control_release(struct deb_control *c);
/* The value of a field of control text, a new string; NULL where there is none. */
char *deb_field(const char *control, const char *name);

/*
 * Says where below the target directory a member goes: a new string, or NULL to leave it out.
 * name has no "./" before it and holds no "..".
 */
typedef char *deb_place(void *arg, const char *name);

/*
 * Extracts the files, directories and links of a package below dir, which must exist. A member
 * whose name leaves dir makes it fail; a symbolic link that may leave dir is left out, a device
 * too. Nothing is ever written through a link, and nothing becomes setuid or another user's. A
 * package of over DEB_MAX_BYTES, unpacked, or DEB_MAX_MEMBERS members is refused.
 */
#define DEB_MAX_BYTES (16ull << 30)
#define DEB_MAX_MEMBERS 1000000
int deb_extract(const char *deb, const char *dir, deb_place *place, void *arg, struct err *err);
/* The same in this process, for a fuzzer: the control file's text, and all of a package. */
int deb_read_control(const char *deb, struct str *text, struct err *err);
int deb_extract_here(const char *deb, const char *dir, deb_place *place, void *arg,
		     struct err *err);
/* Places every member under its own name. */
char *deb_place_all(void *arg, const char *name);

#endif
