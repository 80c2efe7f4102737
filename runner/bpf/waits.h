/* What the program in the kernel (waits.bpf.c) sends to the one that loads it (main.c). */
#ifndef BPF_WAITS_H
#define BPF_WAITS_H

#define WAIT_FRAMES 16

/* One wait, from entering a slow path to coming back. Times are of CLOCK_MONOTONIC. */
struct wait {
	unsigned long long from, to, lock;
	unsigned long long write; /* or read */
	unsigned long long chain[WAIT_FRAMES]; /* return addresses, the innermost first; 0 behind the last */
};

#define RING_BYTES (8u << 20)

#endif
