/* Programs of this machine that a guest is given, with the libraries they need. */
#ifndef RUNNER_BOOT_PROGRAM_H
#define RUNNER_BOOT_PROGRAM_H

#include "lib/err.h"
#include "lib/str.h"

/*
 * Adds the full paths of the program, as PATH finds it, of the libraries it is linked with, of the
 * loader, and of the module that QEMU emulates with, each once. -1 where there is no such program,
 * or it has no libraries to be found.
 */
int program_files(const char *program, struct strv *paths, struct err *err);

/* The arguments of ldd(1) for it. */
void program_ldd_argv(const char *path, struct strv *argv);
/* The paths in what ldd wrote, added where they are not there yet: lines such as
 * "libc.so.6 => /lib/libc.so.6 (0x...)" and "/lib64/ld-linux-x86-64.so.2 (0x...)". */
void program_parse_ldd(const char *text, struct strv *paths);

#endif
