#include "runner/campaign/room.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "runner/campaign/grub.h"
#include "runner/campaign/state.h"

#define LEAST_MIB 16
#define RESERVE_MIB 4

static const char reserve[] = CAMPAIGN_DIR "/reserve";

static int check(const char *dir, unsigned long long least, struct err *err)
{
	struct statvfs v;

	if (statvfs(dir, &v) < 0)
		return err_sys(err, "cannot ask how full '%s' is", dir);
	if ((unsigned long long)v.f_bavail * v.f_frsize >> 20 < least)
		return err_set(err, "the disk of '%s' has less than %llu MiB left", dir, least);
	return 0;
}

int room_check(const char *run, struct err *err)
{
	if (check(run, LEAST_MIB, err) < 0 || check(CAMPAIGN_DIR, LEAST_MIB, err) < 0)
		return -1;
	/* grub-editenv writes a file of a KiB anew: on a full disk it would leave it empty */
	return check(GRUB_DIR, 1, err);
}

void room_reserve(void)
{
	struct err none;
	int fd;

	if (check(CAMPAIGN_DIR, LEAST_MIB, &none) < 0)
		return;
	fd = open(reserve, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	/* blocks that are there but in name only, on a file system that has no such call, are none
	 */
	if (posix_fallocate(fd, 0, RESERVE_MIB << 20) != 0)
		unlink(reserve);
	close(fd);
}

void room_use_reserve(void)
{
	unlink(reserve);
}
