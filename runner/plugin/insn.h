/* The little of the x86-64 instruction set that following calls takes. No I/O. */
#ifndef RUNNER_PLUGIN_INSN_H
#define RUNNER_PLUGIN_INSN_H

#include <stddef.h>
#include <stdint.h>

/* How control leaves an instruction, as far as it matters. */
enum insn_kind {
	INSN_PLAIN,    /* to the next one */
	INSN_DIRECT,   /* to the next one or to the target: jumps, and rep string instructions,
			* whose target is themselves */
	INSN_CALL,     /* pushes the next one's address */
	INSN_RET,      /* pops where it goes */
	INSN_IRET,     /* iret, sysret, sysexit */
	INSN_INDIRECT, /* anywhere */
};

struct insn {
	enum insn_kind kind;
	uint64_t target; /* INSN_DIRECT, and INSN_CALL where it is in the instruction; else 0 */
};

/* Looks at one instruction of size bytes at addr. What it does not know is INSN_PLAIN. */
struct insn insn_decode(const uint8_t *bytes, size_t size, uint64_t addr);

/*
 * The instructions by which a guest program steers the profile, no-ops on every machine:
 * MARK_REGION opens and closes a region by turns, MARK_CELL begins the next cell.
 */
enum mark { MARK_NONE, MARK_REGION, MARK_CELL };
enum mark insn_mark(const uint8_t *bytes, size_t size);

#endif
