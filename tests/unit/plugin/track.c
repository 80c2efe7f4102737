/* Following calls: events as QEMU reports them, trees worked out by hand. */
#include "tests/unit/check.h"

#include <string.h>
#include "runner/plugin/track.h"

#define INSN 4 /* bytes of every instruction here */
#define STACK_A 0xffffc90000013f00
#define STACK_B 0xffffc90000023f00

static struct function user = {.name = (char *)"[user]"};
static struct function entry = {.name = (char *)"entry_SYSCALL_64"};
static struct function fault = {.name = (char *)"asm_exc_page_fault", .entry = true, .fault = true};
static struct function timer = {.name = (char *)"asm_sysvec_apic_timer_interrupt", .entry = true};
static struct function thunk = {.name = (char *)"__x86_indirect_thunk_rax"};
static struct function f = {.name = (char *)"f"}, g = {.name = (char *)"g"},
		       h = {.name = (char *)"h"};

struct program {
	struct track *track;
	struct block *blocks[64];
	size_t n;
};

/* A block of n instructions at addr; it stays until the program is ended. */
static const struct block *block(struct program *p, const struct function *function, uint64_t addr,
				 uint32_t n, enum insn_kind kind, bool first)
{
	struct block *b = xcalloc(1, sizeof(*b) + n * sizeof(*b->offset));

	assert_true(p->n < sizeof(p->blocks) / sizeof(*p->blocks));
	p->blocks[p->n++] = b;
	b->addr = addr;
	b->end = addr + n * INSN;
	b->n = n;
	b->function = function;
	b->last.kind = kind;
	b->user = function == &user;
	b->first = first;
	b->entry = function->entry && first;
	for (uint32_t i = 0; i < n; i++)
		b->offset[i] = (uint16_t)(i * INSN);
	return b;
}

static const struct block *run(struct program *p, const struct function *function, uint64_t addr,
			       uint32_t n, enum insn_kind kind, bool first)
{
	const struct block *b = block(p, function, addr, n, kind, first);

	track_block(p->track, 0, b);
	return b;
}

/* A block that ends in a call. */
static void calling(struct program *p, const struct function *function, uint64_t addr, uint32_t n,
		    bool first, uint64_t sp)
{
	const struct block *b = run(p, function, addr, n, INSN_CALL, first);

	track_call(p->track, 0, b, sp);
}

static void returning(struct program *p, const struct function *function, uint64_t addr, uint32_t n,
		      bool first, uint64_t sp)
{
	const struct block *b = run(p, function, addr, n, INSN_RET, first);

	track_return(p->track, 0, b, sp);
}

static void begin(struct program *p)
{
	*p = (struct program){.track = track_new()};
	/* the marker is the last instruction of its block: nothing of it counts */
	track_region(p->track, 0, run(p, &user, 0x1000, 3, INSN_PLAIN, false), 2);
}

/* Closes the region with a marker that is the first of its block, and says what was written. */
static void end(struct program *p, const char *expected)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	track_region(p->track, 0, run(p, &user, 0x2000, 3, INSN_PLAIN, false), 0);
	track_write(p->track, out);
	fclose(out);
	assert_string_equal(text, expected);
	free(text);
	track_free(p->track);
	for (size_t i = 0; i < p->n; i++)
		free(p->blocks[i]);
}

static void calls_and_tail_calls(void **state)
{
	struct program p;

	(void)state;
	begin(&p);
	run(&p, &user, 0x1100, 5, INSN_INDIRECT, false);
	calling(&p, &entry, 0x80001000 | 1ull << 63, 10, true, STACK_A);
	calling(&p, &f, 1ull << 63 | 0x2000, 3, true, STACK_A - 8);
	/* g jumps to h, which returns to f */
	run(&p, &g, 1ull << 63 | 0x3000, 2, INSN_DIRECT, true);
	returning(&p, &h, 1ull << 63 | 0x4000, 4, true, STACK_A - 8);
	returning(&p, &f, 1ull << 63 | 0x200c, 1, false, STACK_A);
	run(&p, &entry, 0x80001028 | 1ull << 63, 6, INSN_IRET, false);
	end(&p, "region 31\n"
		"0 0 5 [user]\n"
		"0 1 16 entry_SYSCALL_64\n"
		"1 1 4 f\n"
		"2 1 2 g\n"
		"2 1 4 h\n");
}

static void recursion(void **state)
{
	struct program p;

	(void)state;
	begin(&p);
	calling(&p, &f, 1ull << 63 | 0x2000, 2, true, STACK_A);
	calling(&p, &f, 1ull << 63 | 0x2000, 2, true, STACK_A - 8);
	calling(&p, &f, 1ull << 63 | 0x2000, 2, true, STACK_A - 16);
	returning(&p, &f, 1ull << 63 | 0x2100, 3, true, STACK_A - 16);
	returning(&p, &f, 1ull << 63 | 0x2008, 1, false, STACK_A - 8);
	returning(&p, &f, 1ull << 63 | 0x2008, 1, false, STACK_A);
	run(&p, &f, 1ull << 63 | 0x2008, 1, INSN_IRET, false);
	end(&p, "region 12\n"
		"0 1 3 f\n"
		"1 1 3 f\n"
		"2 1 3 f\n"
		"3 1 3 f\n");
}

/* A call into the function itself that is no function call (return stack stuffing). */
static void call_into_the_middle(void **state)
{
	struct program p;

	(void)state;
	begin(&p);
	calling(&p, &f, 1ull << 63 | 0x2000, 2, true, STACK_A);
	run(&p, &f, 1ull << 63 | 0x2010, 3, INSN_IRET, false);
	end(&p, "region 5\n0 1 5 f\n");
}

/* The thunk calls itself, writes the target over the return address, and returns to it. */
static void retpoline(void **state)
{
	struct program p;

	(void)state;
	begin(&p);
	calling(&p, &f, 1ull << 63 | 0x2000, 2, true, STACK_A);
	calling(&p, &thunk, 1ull << 63 | 0x5000, 1, true, STACK_A - 8);
	returning(&p, &thunk, 1ull << 63 | 0x5010, 2, false, STACK_A - 8);
	returning(&p, &g, 1ull << 63 | 0x3000, 4, true, STACK_A);
	run(&p, &f, 1ull << 63 | 0x2008, 1, INSN_IRET, false);
	end(&p, "region 10\n"
		"0 1 3 f\n"
		"1 1 3 __x86_indirect_thunk_rax\n"
		"1 1 4 g\n");
}

static void interrupt_inside(void **state)
{
	struct program p;

	(void)state;
	begin(&p);
	calling(&p, &f, 1ull << 63 | 0x2000, 2, true, STACK_A);
	/* before g has executed anything, and again in its middle */
	calling(&p, &timer, 1ull << 63 | 0x6000, 5, true, STACK_A - 64);
	returning(&p, &h, 1ull << 63 | 0x4000, 1, true, STACK_A - 64);
	run(&p, &timer, 1ull << 63 | 0x6014, 1, INSN_IRET, false);
	run(&p, &g, 1ull << 63 | 0x3000, 2, INSN_PLAIN, true);
	run(&p, &timer, 1ull << 63 | 0x6000, 5, INSN_IRET, true);
	returning(&p, &g, 1ull << 63 | 0x3008, 2, false, STACK_A);
	run(&p, &f, 1ull << 63 | 0x2008, 1, INSN_IRET, false);
	end(&p, "region 19\n"
		"0 1 3 f\n"
		"1 1 6 asm_sysvec_apic_timer_interrupt\n"
		"2 1 1 h\n"
		"1 1 4 g\n"
		"2 1 5 asm_sysvec_apic_timer_interrupt\n");
}

/* What a fault cut off is not counted, wherever it happens, and is counted when it is made up for.
 */
static void faults(void **state)
{
	struct program p;

	(void)state;
	begin(&p);
	track_call(p.track, 0, run(&p, &entry, 1ull << 63 | 0x1000, 1, INSN_CALL, true), STACK_A);
	run(&p, &f, 1ull << 63 | 0x2000, 6, INSN_PLAIN, true); /* faults at its fourth */
	run(&p, &fault, 1ull << 63 | 0x7000, 7, INSN_IRET, true);
	run(&p, &f, 1ull << 63 | 0x200c, 3, INSN_IRET, false);
	run(&p, &user, 0x1200, 4, INSN_PLAIN, false); /* faults at its second */
	run(&p, &fault, 1ull << 63 | 0x7000, 7, INSN_IRET, true);
	run(&p, &user, 0x1204, 3, INSN_PLAIN, false);
	end(&p, "region 25\n"
		"0 0 4 [user]\n"
		"0 1 7 asm_exc_page_fault\n"
		"0 1 1 entry_SYSCALL_64\n"
		"1 1 6 f\n"
		"2 1 7 asm_exc_page_fault\n");
}

/* The kernel's exception table: it goes on elsewhere, and how far the block came is not known. */
static void fault_fixed_up(void **state)
{
	struct program p;

	(void)state;
	begin(&p);
	track_call(p.track, 0, run(&p, &entry, 1ull << 63 | 0x1000, 1, INSN_CALL, true), STACK_A);
	run(&p, &f, 1ull << 63 | 0x2000, 6, INSN_PLAIN, true);
	run(&p, &fault, 1ull << 63 | 0x7000, 7, INSN_IRET, true);
	run(&p, &f, 1ull << 63 | 0x2800, 3, INSN_IRET, false);
	end(&p, "region 17\n"
		"doubt 1 5\n"
		"0 1 1 entry_SYSCALL_64\n"
		"1 1 9 f\n"
		"2 1 7 asm_exc_page_fault\n");
}

/* QEMU executes a device access alone and goes on behind it with a block of its own. */
static void device_access(void **state)
{
	struct program p;

	(void)state;
	begin(&p);
	run(&p, &f, 1ull << 63 | 0x2000, 6, INSN_PLAIN, true);
	run(&p, &f, 1ull << 63 | 0x2010, 2, INSN_IRET, false);
	end(&p, "region 6\n0 1 6 f\n");
}

/* f switches to a task that waits inside g on another stack; each goes on where it was. */
static void context_switch_inside_a_call(void **state)
{
	struct program p;

	(void)state;
	begin(&p);
	/* task B calls h in g and is left there */
	calling(&p, &g, 1ull << 63 | 0x3000, 1, true, STACK_B);
	run(&p, &h, 1ull << 63 | 0x4000, 1, INSN_PLAIN, true);
	run(&p, &user, 0x1300, 1, INSN_PLAIN, false);
	/* task A calls h in f, and h returns on B's stack */
	calling(&p, &f, 1ull << 63 | 0x2000, 2, true, STACK_A);
	returning(&p, &h, 1ull << 63 | 0x4000, 3, true, STACK_B);
	run(&p, &g, 1ull << 63 | 0x3004, 4, INSN_PLAIN, false);
	/* and B gives the CPU back to A */
	calling(&p, &g, 1ull << 63 | 0x3014, 1, false, STACK_B);
	returning(&p, &h, 1ull << 63 | 0x4000, 3, true, STACK_A);
	run(&p, &f, 1ull << 63 | 0x2008, 5, INSN_IRET, false);
	end(&p, "region 21\n"
		"0 0 1 [user]\n"
		"0 1 7 f\n"
		"1 1 3 h\n"
		"0 1 6 g\n"
		"1 2 4 h\n");
}

/* A new task's first return is to where nobody called from, over what an older task left there. */
static void first_return_of_a_task(void **state)
{
	struct program p;

	(void)state;
	begin(&p);
	calling(&p, &g, 1ull << 63 | 0x3000, 1, true, STACK_B);
	run(&p, &user, 0x1300, 1, INSN_PLAIN, false);
	calling(&p, &f, 1ull << 63 | 0x2000, 2, true, STACK_A);
	returning(&p, &h, 1ull << 63 | 0x4000, 3, true, STACK_B);
	run(&p, &entry, 1ull << 63 | 0x1000, 4, INSN_IRET, true);
	end(&p, "region 11\n"
		"strays 1\n"
		"0 0 1 [user]\n"
		"0 0 4 entry_SYSCALL_64\n"
		"0 1 2 f\n"
		"1 1 3 h\n"
		"0 1 1 g\n");
}

/* QEMU 7.2 also hands a block's memory events what a later block's helper accesses. */
static void late_event_is_ignored(void **state)
{
	struct program p;
	const struct block *b;

	(void)state;
	begin(&p);
	b = run(&p, &f, 1ull << 63 | 0x2000, 2, INSN_CALL, true);
	track_call(p.track, 0, b, STACK_A);
	run(&p, &g, 1ull << 63 | 0x3000, 1, INSN_PLAIN, true);
	track_call(p.track, 0, b, 0xffff88807dc379b0);
	returning(&p, &g, 1ull << 63 | 0x3004, 1, false, STACK_A);
	run(&p, &f, 1ull << 63 | 0x2008, 1, INSN_IRET, false);
	end(&p, "region 5\n0 1 3 f\n1 1 2 g\n");
}

/* A machine may have more CPUs than anybody reckoned with. */
static void many_cpus(void **state)
{
	struct track *t = track_new();
	struct program p = {.track = t};
	const struct block *b = block(&p, &f, 1ull << 63 | 0x1000, 1, INSN_PLAIN, true);

	(void)state;
	for (unsigned cpu = 0; cpu < 300; cpu++)
		track_block(t, cpu * 7 % 300, b);
	track_free(t);
	for (size_t i = 0; i < p.n; i++)
		free(p.blocks[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_and_tail_calls),
		cmocka_unit_test(recursion),
		cmocka_unit_test(call_into_the_middle),
		cmocka_unit_test(retpoline),
		cmocka_unit_test(interrupt_inside),
		cmocka_unit_test(faults),
		cmocka_unit_test(fault_fixed_up),
		cmocka_unit_test(device_access),
		cmocka_unit_test(context_switch_inside_a_call),
		cmocka_unit_test(first_return_of_a_task),
		cmocka_unit_test(late_event_is_ignored),
		cmocka_unit_test(many_cpus),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
