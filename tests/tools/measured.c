/*
 * measured FILE COMMAND...: runs it and writes to FILE its seconds, its peak of memory in MiB and
 * the milliseconds that it took of a CPU.
 */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct timespec from, to;
	struct rusage usage;
	int status = 0;
	pid_t pid;
	FILE *f;

	if (argc < 3)
		return 2;
	clock_gettime(CLOCK_MONOTONIC, &from);
	pid = fork();
	if (pid == 0) {
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	wait4(pid, &status, 0, &usage);
	clock_gettime(CLOCK_MONOTONIC, &to);
	f = fopen(argv[1], "w");
	if (!f)
		return 2;
	fprintf(f, "%.1f %ld %ld\n",
		(double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9,
		usage.ru_maxrss >> 10,
		(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000 +
			(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000);
	fclose(f);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 2;
}
