/* What the program in the kernel (waits.bpf.c) sends to the one that loads it (main.c). */
#ifndef BPF_WAITS_H
#define BPF_WAITS_H

#define WAIT_FRAMES 16

enum wait_kind { WAIT_READ, WAIT_WRITE, WAIT_EXIT };

/*
 * One wait, from entering a slow path to coming back; or the time a thread spent in exit_mmap(),
 * whose address space is then the lock. Times are of CLOCK_MONOTONIC.
 */
struct wait {
	unsigned long long from, to, lock;
	unsigned int kind, thread;
	unsigned long long
		chain[WAIT_FRAMES]; /* return addresses, the innermost first; 0 behind the last */
};

#define RING_BYTES (8u << 20)

#endif
