#include "workloads/swap.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "lib/fs.h"
#include "workloads/memory.h"

#define MODULE MODULES_DIR "/brd.ko"

const char *swap_missing(void)
{
	if (!fs_exists(MODULE))
		return "needs swap on a RAM disk, the module " MODULE;
	return geteuid() == 0 ? NULL : "needs root to set up swap";
}

static int load(uint64_t bytes, struct err *err)
{
	int fd = open(MODULE, O_RDONLY | O_CLOEXEC), ret = -1;
	char params[64];

	snprintf(params, sizeof(params), "rd_nr=1 max_part=0 rd_size=%" PRIu64, bytes >> 10);
	if (fd >= 0)
		ret = (int)syscall(SYS_finit_module, fd, params, 0);
	if (ret < 0)
		err_sys(err, "loading " MODULE);
	if (fd >= 0)
		close(fd);
	return ret;
}

/* What mkswap(8) writes: include/linux/swap.h, union swap_header. */
static int format(uint64_t bytes, struct err *err)
{
	union {
		char raw[PAGE_BYTES];
		struct {
			char boot[1024];
			uint32_t version, last_page, bad_pages;
		} info;
	} header = {0};
	int fd = open(SWAP_DEVICE, O_WRONLY | O_CLOEXEC), ret = 0;

	header.info.version = 1;
	header.info.last_page = (uint32_t)(bytes / PAGE_BYTES - 1);
	memcpy(header.raw + PAGE_BYTES - 10, "SWAPSPACE2", 10);
	if (fd < 0 || fs_write_all(fd, &header, sizeof(header)) < 0 || fsync(fd) < 0)
		ret = err_sys(err, "a swap header on " SWAP_DEVICE);
	if (fd >= 0)
		close(fd);
	return ret;
}

int swap_on(uint64_t bytes, struct err *err)
{
	if (load(bytes, err) < 0)
		return -1;
	if (format(bytes, err) < 0)
		goto unload;
	if (swapon(SWAP_DEVICE, 0) == 0)
		return 0;
	err_sys(err, "swapon " SWAP_DEVICE);
unload:
	swap_remove();
	return -1;
}

int swap_stop(struct err *err)
{
	return swapoff(SWAP_DEVICE) < 0 ? err_sys(err, "swapoff " SWAP_DEVICE) : 0;
}

/* A writeback worker may hold the device a moment longer. */
void swap_remove(void)
{
	const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};

	for (int tries = 0; tries < 100; tries++) {
		if (syscall(SYS_delete_module, "brd", O_NONBLOCK) == 0 || errno == ENOENT)
			return;
		nanosleep(&pause, NULL);
	}
}

int swap_off(struct err *err)
{
	if (swap_stop(err) < 0)
		return -1;
	swap_remove();
	return 0;
}
