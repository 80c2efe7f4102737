/* Where a kernel runs, and the machine that QEMU is asked for. */
#ifndef RUNNER_QEMU_TARGET_H
#define RUNNER_QEMU_TARGET_H

#include <stdbool.h>
#include "lib/err.h"
#include "lib/str.h"
#include "runner/qemu/place.h"

enum target_kind { TARGET_ICOUNT, TARGET_TCG, TARGET_KVM, TARGET_HOST };

const char *target_kind_name(enum target_kind kind);
/* -1 with the names there are. "auto" is not a kind: probe_auto() chooses one. */
int target_kind_parse(enum target_kind *kind, const char *name, struct err *err);

struct target {
	enum target_kind kind;
	int cpus;
	int nodes;
	int memory_mib;	    /* of all nodes together, before the layout adds its own */
	char *hugepages;    /* of the host, as the size of one ("2M"), or NULL */
	struct place place; /* of a timed guest on this machine */
	int icount_shift;   /* one instruction is 2^shift ns of guest clock */
	struct strv qemu;   /* the program, and what must stand before every other argument */
	bool sandbox;	    /* this QEMU can filter its own system calls */
	char *qemu_version;
	char qemu_sha256[65];
};

/* Of QEMU: what filters its system calls, as the words after -sandbox. */
extern const char target_sandbox[];

void target_release(struct target *t);

/* The files of one boot. */
struct boot_files {
	const char *image, *initrd;
	const char *console; /* file that QEMU writes the console to */
	const char *cmdline; /* more kernel parameters, or "" */
	const char *plugin;  /* argument of -plugin, or NULL */
};

/* What a profiled boot leaves in its directory (docs/formats.md). */
#define PROFILE_FILE "profile.txt"

/* The argument of -plugin for a boot that has its files in dir. symbols: or NULL. */
void target_plugin_option(const char *plugin, const char *symbols, const char *dir,
			  struct str *out);

/*
 * QEMU's whole argument list. Records come from its standard output, its own complaints from
 * standard error. `layout` moves the size of memory by up to 60 MiB, so that boots of different
 * seeds differ as real ones do.
 */
void target_argv(const struct target *t, const struct boot_files *f, unsigned long long layout,
		 struct strv *argv);

#endif
