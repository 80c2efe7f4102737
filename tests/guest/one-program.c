/*
 * The first process of a guest that holds one other program: runs /program with each of the
 * kernel's own arguments that stand after "--", and powers off. What it prints is on the console.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
	mkdir("/proc", 0555);
	if (mount("proc", "/proc", "proc", 0, NULL) < 0)
		perror("/proc");
	for (int i = 1; i < argc; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			execl("/program", "program", argv[i], (char *)NULL);
			perror("/program");
			_exit(1);
		}
		waitpid(pid, NULL, 0);
	}
	reboot(RB_POWER_OFF);
	return 1;
}
