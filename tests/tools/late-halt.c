/*
 * Preloaded into QEMU: each time that all vCPUs have halted their thread is held up for
 * LATE_HALT_US microseconds before QEMU counts what they ran, as a busy machine may hold it up.
 * QEMU leaves the guest's code by a longjmp; all_cpu_threads_idle() is its own. At its end it says
 * on stderr how often it held the thread up.
 */
#include <dlfcn.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void __longjmp_chk(sigjmp_buf env, int value) __attribute__((noreturn));

static void (*jump)(sigjmp_buf, int) __attribute__((noreturn));
static bool (*idle)(void);
static unsigned us, held;

__attribute__((constructor)) static void begin(void)
{
	const char *text = getenv("LATE_HALT_US");

	us = text ? (unsigned)atoi(text) : 0;
	*(void **)&jump = dlsym(RTLD_NEXT, "__longjmp_chk");
	*(void **)&idle = dlsym(RTLD_DEFAULT, "all_cpu_threads_idle");
}

__attribute__((destructor)) static void end(void)
{
	fprintf(stderr, "held up %u times\n", held);
}

void __longjmp_chk(sigjmp_buf env, int value)
{
	if (us && idle && idle()) {
		held++;
		usleep(us);
	}
	jump(env, value);
}
