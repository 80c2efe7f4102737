#include "runner/campaign/bootable.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/spawn.h"

/* --- modules --- */

static bool same_module(const char *file, const char *name)
{
	for (; *name; file++, name++)
		if (*file != *name &&
		    !((*file == '-' || *file == '_') && (*name == '-' || *name == '_')))
			return false;
	return strncmp(file, ".ko", 3) == 0;
}

bool bootable_lists_module(const char *list, const char *name)
{
	for (const char *at = list; at && *at; at = strpbrk(at, "/\n ")) {
		at += strspn(at, "/\n ");
		if (same_module(at, name))
			return true;
	}
	return false;
}

/* The names of all that a kernel has as a module, or in its image. */
static void list_modules(const struct kernel *k, struct str *builtin, struct str *modules)
{
	char *dir = xasprintf("%s/lib/modules/%s", k->modules ? k->modules : "", k->release);
	char *in_image = xasprintf("%s/modules.builtin", dir);
	char *dep = xasprintf("%s/modules.dep", dir);
	char *find[] = {"find", dir, "-name", "*.ko*", NULL};
	struct err ignored;

	if (fs_read(in_image, builtin, &ignored) < 0)
		str_clear(builtin);
	/* which are there only where they are to be booted */
	if (fs_read(dep, modules, &ignored) < 0 && spawn_capture(find, modules, &ignored) < 0)
		str_clear(modules);
	free(dep);
	free(in_image);
	free(dir);
}

static void add_module_of(const char *dir, struct strv *names)
{
	char *link = xasprintf("%s/driver/module", dir), *to = realpath(link, NULL);

	if (to && !strv_has(names, strrchr(to, '/') + 1))
		strv_push(names, strrchr(to, '/') + 1);
	free(to);
	free(link);
}

/* Modules of a block device's drivers, from it up to the bus, and of what it is made of. */
static void add_modules_of(const char *device, struct strv *names)
{
	char *dir = realpath(device, NULL), *slaves = dir ? xasprintf("%s/slaves", dir) : NULL;
	DIR *d = slaves ? opendir(slaves) : NULL;
	struct dirent *e;

	while (d && (e = readdir(d))) {
		char *slave = xasprintf("%s/%s", slaves, e->d_name);

		if (*e->d_name != '.')
			add_modules_of(slave, names);
		free(slave);
	}
	if (d)
		closedir(d);
	free(slaves);
	while (dir && strcmp(dir, "/sys/devices") != 0 && strrchr(dir, '/') > dir) {
		add_module_of(dir, names);
		*strrchr(dir, '/') = '\0';
	}
	free(dir);
}

/* What the root's disk needs of a kernel, as the running one does it. */
static void root_modules(struct strv *names)
{
	FILE *f = fopen("/proc/self/mounts", "re");
	char at[512], type[64] = "", device[64], *loaded, *path;
	struct str builtin = STR_INIT;
	struct err ignored;
	struct utsname u;
	struct stat st;

	while (f && fscanf(f, "%*s %511s %63s %*[^\n]", at, type) == 2)
		if (strcmp(at, "/") == 0)
			break;
	if (f)
		fclose(f);
	uname(&u);
	loaded = xasprintf("/sys/module/%s/initstate", type);
	path = xasprintf("/lib/modules/%s/modules.builtin", u.release);
	if (fs_read(path, &builtin, &ignored) < 0)
		str_clear(&builtin);
	if (fs_exists(loaded) || bootable_lists_module(str_text(&builtin), type))
		strv_push(names, type);
	str_release(&builtin);
	free(path);
	free(loaded);
	if (stat("/", &st) == 0) {
		snprintf(device, sizeof(device), "/sys/dev/block/%u:%u", major(st.st_dev),
			 minor(st.st_dev));
		add_modules_of(device, names);
	}
}

static char *find_initrd(const char *release)
{
	static const char *const forms[] = {"/boot/initrd.img-%s", "/boot/initramfs-%s.img",
					    "/boot/initrd-%s"};
	char path[512];

	for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(path, sizeof(path), forms[i], release);
#pragma GCC diagnostic pop
		if (access(path, R_OK) == 0)
			return xstrdup(path);
	}
	return NULL;
}

/* The files in an initramfs; nothing where no program tells. */
static void list_initrd(const char *initrd, struct str *out)
{
	char *argv[] = {"lsinitramfs", (char *)initrd, NULL}, *program = spawn_which("lsinitramfs");
	struct err ignored;

	if (program && spawn_capture(argv, out, &ignored) < 0)
		str_release(out);
	free(program);
}

/* initrd: NULL where there is none; before: one is made when the kernel comes into /boot. */
static int check_modules(const struct kernel *k, const char *initrd, bool before,
			 const char *watchdog, struct err *err)
{
	struct strv names = STRV_INIT;
	struct str builtin = STR_INIT, modules = STR_INIT, in_initrd = STR_INIT;
	int ret = 0;

	root_modules(&names);
	list_modules(k, &builtin, &modules);
	if (initrd)
		list_initrd(initrd, &in_initrd);
	for (size_t i = 0; ret == 0 && i < names.n; i++) {
		const char *name = names.v[i];

		if (bootable_lists_module(str_text(&builtin), name))
			continue;
		if (!initrd && !before)
			ret = err_set(err,
				      "%s has '%s', which the root's disk needs, as a module, and "
				      "no initramfs in "
				      "/boot: 'update-initramfs -c -k %s' makes one",
				      k->spec, name, k->release);
		else if (!bootable_lists_module(str_text(&modules), name) && before)
			ret = err_set(err,
				      "%s has no '%s', which the root's disk needs: a kernel of "
				      "this machine's own configuration, /boot/config-*, would be "
				      "right",
				      k->spec, name);
		else if (!bootable_lists_module(str_text(&modules), name))
			ret = err_set(
				err,
				"%s has no '%s', which the root's disk needs, in '/lib/modules/%s'",
				k->spec, name, k->release);
		else if (in_initrd.len && !bootable_lists_module(in_initrd.buf, name))
			ret = err_set(
				err,
				"'%s' has no '%s', which the root's disk needs: add it to "
				"/etc/initramfs-tools/modules, and 'update-initramfs -u -k %s'",
				initrd, name, k->release);
	}
	if (ret == 0 && watchdog && *watchdog &&
	    !bootable_lists_module(str_text(&builtin), watchdog) &&
	    !bootable_lists_module(str_text(&modules), watchdog))
		ret = err_set(err,
			      "%s has no driver '%s' for this machine's watchdog: a hang would "
			      "last for ever; "
			      "--no-watchdog takes that risk",
			      k->spec, watchdog);
	strv_release(&names);
	str_release(&builtin);
	str_release(&modules);
	str_release(&in_initrd);
	return ret;
}

/* --- Secure Boot --- */

static uint32_t le32(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Microsoft's PE format: the fifth data directory, of certificates, is not empty. */
bool bootable_is_signed(const unsigned char *image, size_t n)
{
	size_t pe, directory;

	if (n < 0x40 || memcmp(image, "MZ", 2) != 0)
		return false;
	pe = le32(image + 0x3c);
	if (pe + 24 + 2 > n || memcmp(image + pe, "PE\0\0", 4) != 0)
		return false;
	/* PE32+ has 16 bytes more before its directories than PE32 */
	directory = pe + 24 + (image[pe + 24] == 0x0b && image[pe + 25] == 0x02 ? 112 : 96) + 4 * 8;
	return directory + 8 <= n && le32(image + directory + 4) > 0;
}

static int check_secure_boot(const struct kernel *k, struct err *err)
{
	static const char variable[] =
		"/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
	unsigned char on[5] = {0}, head[4096] = {0};
	FILE *f = fopen(variable, "rbe");
	size_t n = f ? fread(on, 1, sizeof(on), f) : 0;

	if (f)
		fclose(f);
	if (n != sizeof(on) || !on[4])
		return 0;
	f = fopen(k->image, "rbe");
	n = f ? fread(head, 1, sizeof(head), f) : 0;
	if (f)
		fclose(f);
	return bootable_is_signed(head, n) ? 0
					   : err_set(err,
						     "Secure Boot is on, and '%s' is signed by "
						     "nobody: sign it, or turn Secure "
						     "Boot off",
						     k->image);
}

/* Where the kernel that runs was started with one, what finds the root is in there. */
static int check_has_initrd(const struct kernel *k, const char *initrd, struct err *err)
{
	struct utsname u;
	char *own;

	uname(&u);
	own = find_initrd(u.release);
	if (own && !initrd)
		err_set(err,
			"%s has no initramfs in /boot, and this machine is started with one: "
			"'update-initramfs -c -k %s' makes it",
			k->spec, k->release);
	free(own);
	return own && !initrd ? -1 : 0;
}

int bootable_check(const struct kernel *k, const char *watchdog, char **initrd, struct err *err)
{
	int ret;

	*initrd = find_initrd(k->release);
	ret = check_modules(k, *initrd, false, watchdog, err);
	if (ret == 0)
		ret = check_has_initrd(k, *initrd, err);
	if (ret == 0)
		ret = check_secure_boot(k, err);
	if (ret < 0) {
		free(*initrd);
		*initrd = NULL;
	}
	return ret;
}

int bootable_check_before(const struct kernel *k, const char *watchdog, struct err *err)
{
	int ret = check_modules(k, NULL, true, watchdog, err);

	return ret == 0 ? check_secure_boot(k, err) : ret;
}
