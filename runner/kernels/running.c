#include "runner/kernels/running.h"

#include <elf.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/sha256.h"
#include "lib/str.h"
#include "runner/kernels/bzimage.h"
#include "runner/kernels/cache.h"

static size_t padded(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

char *kernel_build_id(const unsigned char *notes, size_t n)
{
	while (n >= sizeof(Elf64_Nhdr)) {
		const unsigned char *name = notes + sizeof(Elf64_Nhdr), *desc;
		struct str hex = STR_INIT;
		Elf64_Nhdr h;
		size_t size;

		memcpy(&h, notes, sizeof(h));
		size = sizeof(h) + padded(h.n_namesz) + padded(h.n_descsz);
		if (h.n_namesz > n || h.n_descsz > n || size > n)
			break;
		if (h.n_type == NT_GNU_BUILD_ID && h.n_namesz == 4 && memcmp(name, "GNU", 4) == 0 &&
		    h.n_descsz) {
			desc = name + padded(h.n_namesz);
			for (size_t i = 0; i < h.n_descsz; i++)
				str_addf(&hex, "%02x", desc[i]);
			return hex.buf;
		}
		notes += size;
		n -= size;
	}
	return NULL;
}

static char *readable(const char *dir, const char *release)
{
	char *path = xasprintf("%s%s", dir, release);

	if (access(path, R_OK) == 0)
		return path;
	free(path);
	return NULL;
}

/* Whether the image is the one that was booted, as far as it and the kernel tell. */
static bool is_booted(const char *image, const struct utsname *u)
{
	char *release = NULL, *version = NULL;
	struct err ignored;
	bool same = bzimage_identity(image, &release, &version, &ignored) == 0 && version &&
		    strcmp(release, u->release) == 0 &&
		    strncmp(version, u->version, sizeof(u->version) - 1) == 0;

	free(release);
	free(version);
	return same;
}

/* What lies in /boot beside its image. */
static void take_beside(struct kernel *k, const char *release)
{
	k->config = readable("/boot/config-", release);
	k->system_map = readable("/boot/System.map-", release);
	if (k->system_map && !kernel_map_is_real(k->system_map)) {
		free(k->system_map);
		k->system_map = NULL;
	}
}

static void take_modules(struct kernel *k, const char *release)
{
	char *modules = readable("/lib/modules/", release);

	k->modules = modules ? xstrdup("/") : NULL;
	free(modules);
}

static void take_files(struct kernel *k, const struct utsname *u)
{
	char *image = readable("/boot/vmlinuz-", u->release);

	if (image && !is_booted(image, u)) {
		free(image);
		return;
	}
	k->image = image;
	take_beside(k, u->release);
}

/* The releases that /boot has images of, for a message. */
static void list_images(struct str *out)
{
	static const char prefix[] = "/boot/vmlinuz-";
	glob_t g = {0};

	if (glob("/boot/vmlinuz-*", 0, NULL, &g) == 0)
		for (size_t i = 0; i < g.gl_pathc; i++)
			str_addf(out, "%s%s", out->len ? " " : "", g.gl_pathv[i] + strlen(prefix));
	globfree(&g);
}

int kernel_in_boot(struct kernel *k, const char *release, struct err *err)
{
	struct str there = STR_INIT;

	k->image = readable("/boot/vmlinuz-", release);
	if (!k->image) {
		list_images(&there);
		err_set(err, "cannot read kernel image '/boot/vmlinuz-%s'; in /boot there are: %s",
			release, there.len ? there.buf : "none");
		str_release(&there);
		return -1;
	}
	if (kernel_identify(k, err) < 0)
		return -1;
	if (strcmp(k->release, release) != 0)
		return err_set(
			err,
			"'%s' says that it is %s: a name in /boot that is the kernel's own would "
			"be right",
			k->image, k->release);
	take_beside(k, release);
	take_modules(k, release);
	return fs_sha256(k->image, k->sha256, err);
}

int kernel_running(struct kernel *k, struct err *err)
{
	struct str notes = STR_INIT, facts = STR_INIT;
	struct sha256_ctx ctx;
	struct err ignored;
	struct utsname u;
	int ret;

	uname(&u);
	k->running = true;
	k->release = xstrdup(u.release);
	k->uts_version = xstrdup(u.version);
	if (fs_read("/sys/kernel/notes", &notes, &ignored) == 0)
		k->build_id = kernel_build_id((const unsigned char *)str_text(&notes), notes.len);
	take_files(k, &u);
	take_modules(k, u.release);
	str_addf(&facts, "%s\n%s\n%s\n%s\n", u.release, u.version, u.machine,
		 k->build_id ? k->build_id : "");
	sha256_init(&ctx);
	sha256_update(&ctx, facts.len, (const uint8_t *)facts.buf);
	sha256_hex(&ctx, k->sha256);
	ret = k->image ? fs_sha256(k->image, k->sha256, err) : 0;
	str_release(&facts);
	str_release(&notes);
	return ret;
}
