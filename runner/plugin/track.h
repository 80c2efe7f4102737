/*
 * Follows what one guest executes, block by block, and keeps the tree of its calls with exact
 * counts of instructions. No I/O and nothing of QEMU: tests feed it events.
 *
 * Where a task is in its calls is not kept on a stack of ours but in a shadow of the guest's own
 * stacks: a call stores, for the address at which it pushes the return address, the place to
 * return to, and a return looks up the address it pops from. So context switches, stacks that are
 * used again, and tasks that never come back need no care: whatever stack the guest is on, its own
 * stack pointer says which entry is meant. The return address is compared, so an old entry is
 * not taken for a live one.
 *
 * Interrupts and exceptions push no return address by an instruction; what they interrupt is kept
 * in a list by stack until the matching iret. A jump to another function (tail calls, retpolines,
 * return thunks) replaces the function in the tree, as it does on the stack. [user] code is not
 * followed: a system call starts a new tree at the root.
 *
 * Counts are of completed instructions, as QEMU's icount clock counts them: what a block did not
 * execute because of a fault or a device access in its middle is taken back when execution goes
 * on inside that block. Where the kernel goes on elsewhere after a fault (its exception table), how
 * far the block came is not known, which is written as a doubt.
 */
#ifndef RUNNER_PLUGIN_TRACK_H
#define RUNNER_PLUGIN_TRACK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "runner/plugin/insn.h"
#include "runner/plugin/functions.h"

/* A translated block: n instructions of straight-line code. */
struct block {
	uint64_t addr, end;
	const struct function *function;
	struct insn last; /* how it is left */
	bool user;	  /* user code */
	bool first;	  /* addr is where callers enter the function */
	bool entry;	  /* the processor comes here by itself */
	uint32_t n;
	uint16_t offset[]; /* of each instruction from addr */
};

struct track;

struct track *track_new(void);
void track_free(struct track *t);

/* Events, in the order of execution. b stays valid for the life of t. */
void track_block(struct track *t, unsigned cpu, const struct block *b);
/* One more instruction of the block last given, which its n does not hold. */
void track_one_more(struct track *t, unsigned cpu);
/*
 * The call or return at the end of b wrote or read its return address at sp. Ignored where b is not
 * the block last given: QEMU 7.2 also reports what a later instruction accesses in a helper.
 */
void track_call(struct track *t, unsigned cpu, const struct block *b, uint64_t sp);
void track_return(struct track *t, unsigned cpu, const struct block *b, uint64_t sp);

/* The indirect jump at the end of b, the block last given, is executed. */
void track_jump(struct track *t, unsigned cpu);

/* MARK_REGION at instruction i of b, the block last given to track_block. */
void track_region(struct track *t, unsigned cpu, const struct block *b, uint32_t i);
bool track_is_open(const struct track *t);

/*
 * Writes what was counted since the last time, and sets it to nothing (docs/formats.md): the
 * totals of the regions closed, then the tree.
 */
void track_write(struct track *t, FILE *out);

#endif
