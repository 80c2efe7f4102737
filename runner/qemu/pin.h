/* A core for each vCPU of a timed guest. */
#ifndef RUNNER_QEMU_PIN_H
#define RUNNER_QEMU_PIN_H

#include <sys/types.h>

/*
 * Pins the vCPU threads of a QEMU started with debug-threads=on ("CPU 0/KVM", "CPU 0/TCG") to a core
 * each, in the order of the cores this process may use. Returns how many were pinned: 0 where the
 * machine has fewer cores than the guest, or the threads are not found.
 */
int pin_vcpus(pid_t qemu, int cpus);

#endif
