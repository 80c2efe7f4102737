/* What this machine is. */
#ifndef LIB_MACHINE_H
#define LIB_MACHINE_H

/* The model of its CPUs as the kernel names it, printable, or "unknown"; a new string. */
char *machine_cpu(void);

#endif
