/* Two processes lock a new file, one exits: how much is Mlocked? Run as root: mlocked-undercount AHEAD */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const char page[4096];

static void drain(void) /* empties the batches of every CPU: move_pages(2) of no pages does that */
{
	syscall(SYS_move_pages, 0, 0L, NULL, &(int){0}, NULL, 0);
}

static long mlocked(void)
{
	FILE *f = fopen("/proc/meminfo", "r");
	char line[99];
	long kb = -1;

	drain();
	sleep(3); /* until each CPU has handed in its part of the count */
	while (f && fgets(line, sizeof(line), f) && sscanf(line, "Mlocked: %ld", &kb) != 1)
		;
	return kb;
}

int main(int argc, char *argv[])
{
	int file = memfd_create("file", 0), other = memfd_create("other", 0), ahead, bytes = 4 << 20;
	long before = mlocked(), both;
	pid_t pids[2];

	sched_setaffinity(0, sizeof(cpu_set_t), &(cpu_set_t){{1}});
	if (ftruncate(file, bytes) < 0)
		return 1;
	for (int i = 0; i < 2; i++) {
		if ((pids[i] = fork()) == 0) {
			ahead = argc > 1 ? atoi(argv[1]) : 12;
			sleep(1); /* until the parent sleeps too: its pages go through the same batches */
			drain();
			while (ahead--) /* each a page that waits for its LRU list */
				if (write(other, page, sizeof(page)) < 0)
					return 1;
			mlockall(MCL_FUTURE);
			mmap(NULL, (size_t)bytes, PROT_READ, MAP_SHARED, file, 0);
			pause();
		}
		sleep(2);
	}
	both = mlocked() - before;
	kill(pids[0], SIGKILL);
	waitpid(pids[0], NULL, 0);
	printf("Mlocked: %ld kB with both, %ld kB with one\n", both, mlocked() - before);
	return kill(pids[1], SIGKILL);
}
