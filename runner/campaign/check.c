#include "runner/campaign/check.h"

#include <dirent.h>
#include <glob.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/spawn.h"
#include "runner/campaign/grub.h"
#include "runner/campaign/state.h"

#define LEAST_MIB 4 /* what is written into /boot is some KiB */

static int check_space(const char *dir, struct err *err)
{
	struct statvfs v;

	if (statvfs(dir, &v) < 0)
		return err_sys(err, "cannot ask how full '%s' is", dir);
	if ((unsigned long long)v.f_bavail * v.f_frsize >> 20 < LEAST_MIB)
		return err_set(err, "'%s' has less than %d MiB left: make some room there", dir,
			       LEAST_MIB);
	return 0;
}

static int check_other(struct err *err)
{
	struct str cmdline = STR_INIT;
	struct err ignored;
	char *mark;
	int ret = 0;

	if (fs_exists(CAMPAIGN_STATE))
		ret = err_set(err, "a campaign is under way on this machine: 'mlocklab campaign "
				   "status' tells of "
				   "it, 'mlocklab campaign stop' ends it");
	fs_read("/proc/cmdline", &cmdline, &ignored);
	mark = campaign_word(str_text(&cmdline), CAMPAIGN_MARK);
	if (ret == 0 && mark)
		ret = err_set(err, "this machine still runs a kernel that a campaign has booted: "
				   "start it anew first");
	free(mark);
	str_release(&cmdline);
	return ret;
}

/* --- a machine that sleeps --- */

static bool begins(const char *path, const char *words)
{
	struct str text = STR_INIT;
	struct err ignored;
	bool is = fs_read(path, &text, &ignored) == 0 &&
		  strncmp(str_text(&text), words, strlen(words)) == 0;

	str_release(&text);
	return is;
}

/* Whether a file that a pattern finds begins so. */
static bool any_begins(const char *pattern, const char *words)
{
	glob_t g = {0};
	bool is = false;

	if (glob(pattern, 0, NULL, &g) == 0)
		for (size_t i = 0; i < g.gl_pathc && !is; i++)
			is = begins(g.gl_pathv[i], words);
	globfree(&g);
	return is;
}

/* A system that was written to its swap space lies there until a kernel takes it up
 * (kernel/power/swap.c: the last ten bytes of the first page are its mark). */
static bool is_suspended(const char *device, long long page)
{
	long size = sysconf(_SC_PAGESIZE);
	FILE *f = fopen(device, "rbe");
	char mark[10] = "";
	bool is = f && fseeko(f, page * size + size - (long)sizeof(mark), SEEK_SET) == 0 &&
		  fread(mark, 1, sizeof(mark), f) == sizeof(mark) &&
		  memcmp(mark, "S1SUSPEND", 9) == 0;

	if (f)
		fclose(f);
	return is;
}

static int check_suspended(struct err *err)
{
	struct str where = STR_INIT, offset = STR_INIT;
	struct err ignored;
	char *device;
	bool is;

	if (fs_read("/sys/power/resume", &where, &ignored) < 0)
		return 0;
	fs_read("/sys/power/resume_offset", &offset, &ignored);
	where.buf[strcspn(where.buf, "\n")] = '\0';
	device = xasprintf("/dev/block/%s", where.buf);
	is = is_suspended(device, atoll(str_text(&offset)));
	free(device);
	str_release(&where);
	str_release(&offset);
	return is ? err_set(err,
			    "the swap space that this machine resumes from holds a suspended "
			    "system, "
			    "which an arm's kernel would take up or lose: 'swapoff -a; mkswap' it")
		  : 0;
}

/* One that is asleep is neither measured nor reset. */
static int check_awake(struct err *err)
{
	static const char lid[] = "/proc/acpi/button/lid/*/state";
	char *masked = realpath("/etc/systemd/system/sleep.target", NULL);
	bool never = masked && strcmp(masked, "/dev/null") == 0;

	free(masked);
	if (!never && any_begins(lid, "state:      closed"))
		return err_set(err,
			       "the lid is closed, at which a machine suspends itself: open it, or "
			       "'systemctl mask sleep.target'");
	if (any_begins("/sys/class/power_supply/*/status", "Discharging"))
		return err_set(err, "this machine runs on its battery: connect its charger");
	return check_suspended(err);
}

int check_machine(struct err *err)
{
	if (geteuid() != 0)
		return err_set(err, "a campaign starts this machine anew: only root may");
	if (!fs_exists("/run/systemd/system"))
		return err_set(err, "no systemd, whose units take a campaign's steps");
	if (check_other(err) < 0 || grub_check(err) < 0 || check_awake(err) < 0)
		return -1;
	return check_space("/boot", err) < 0 ? -1 : check_space("/var/lib", err);
}

/* --- modules --- */

static bool same_module(const char *file, const char *name)
{
	for (; *name; file++, name++)
		if (*file != *name &&
		    !((*file == '-' || *file == '_') && (*name == '-' || *name == '_')))
			return false;
	return strncmp(file, ".ko", 3) == 0;
}

bool check_lists_module(const char *list, const char *name)
{
	for (const char *at = list; at && *at; at = strpbrk(at, "/\n ")) {
		at += strspn(at, "/\n ");
		if (same_module(at, name))
			return true;
	}
	return false;
}

static bool list_has(const struct kernel *k, const char *file, const char *name)
{
	char *path = xasprintf("/lib/modules/%s/%s", k->release, file);
	struct str list = STR_INIT;
	struct err ignored;
	bool has = fs_read(path, &list, &ignored) == 0 && check_lists_module(str_text(&list), name);

	str_release(&list);
	free(path);
	return has;
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
	char at[512], type[64] = "", device[64], *loaded;
	struct stat st;

	while (f && fscanf(f, "%*s %511s %63s %*[^\n]", at, type) == 2)
		if (strcmp(at, "/") == 0)
			break;
	if (f)
		fclose(f);
	loaded = xasprintf("/sys/module/%s/initstate", type);
	if (fs_exists(loaded))
		strv_push(names, type);
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

static int check_modules(const struct kernel *k, const struct strv *names, const char *initrd,
			 struct err *err)
{
	struct str list = STR_INIT;
	int ret = 0;

	if (initrd)
		list_initrd(initrd, &list);
	for (size_t i = 0; ret == 0 && i < names->n; i++) {
		if (list_has(k, "modules.builtin", names->v[i]))
			continue;
		if (!initrd)
			ret = err_set(err,
				      "%s has '%s', which the root's disk needs, as a module, and "
				      "no initramfs in "
				      "/boot: 'update-initramfs -c -k %s' makes one",
				      k->spec, names->v[i], k->release);
		else if (!list_has(k, "modules.dep", names->v[i]))
			ret = err_set(
				err,
				"%s has no '%s', which the root's disk needs, in '/lib/modules/%s'",
				k->spec, names->v[i], k->release);
		else if (list.len && !check_lists_module(list.buf, names->v[i]))
			ret = err_set(
				err,
				"'%s' has no '%s', which the root's disk needs: add it to "
				"/etc/initramfs-tools/modules, and 'update-initramfs -u -k %s'",
				initrd, names->v[i], k->release);
	}
	str_release(&list);
	return ret;
}

/* --- Secure Boot --- */

static uint32_t le32(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Microsoft's PE format: the fifth data directory, of certificates, is not empty. */
bool check_is_signed(const unsigned char *image, size_t n)
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
	return check_is_signed(head, n) ? 0
					: err_set(err,
						  "Secure Boot is on, and '%s' is signed by "
						  "nobody: sign it, or turn Secure "
						  "Boot off",
						  k->image);
}

int check_kernel(const struct kernel *k, const char *watchdog, char **initrd, struct err *err)
{
	struct strv names = STRV_INIT;
	int ret;

	*initrd = find_initrd(k->release);
	root_modules(&names);
	ret = check_modules(k, &names, *initrd, err);
	strv_release(&names);
	if (ret == 0)
		ret = check_secure_boot(k, err);
	if (ret == 0 && watchdog && *watchdog && !list_has(k, "modules.builtin", watchdog) &&
	    !list_has(k, "modules.dep", watchdog))
		ret = err_set(err,
			      "%s has no driver '%s' for this machine's watchdog: a hang would "
			      "last for ever; "
			      "--no-watchdog takes that risk",
			      k->spec, watchdog);
	if (ret < 0) {
		free(*initrd);
		*initrd = NULL;
	}
	return ret;
}
