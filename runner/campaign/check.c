#include "runner/campaign/check.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "lib/fs.h"
#include "runner/campaign/grub.h"
#include "runner/campaign/packages.h"
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
	else if (packages_are_left())
		ret = err_set(err, "kernels that a campaign has installed are still here: "
				   "'mlocklab campaign stop' removes them");
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
