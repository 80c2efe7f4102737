/*
 * The QEMU side of the exact profile: turns what QEMU translates and executes into the events of
 * track.h, and writes one file. Options: out=FILE (wanted), symbols=FILE (System.map or kallsyms;
 * without it functions are pages of addresses).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lib/str.h"
#include "runner/plugin/qemu.h"
#include "runner/plugin/track.h"

#define PAGE_BYTES 4096
#define LONGEST_INSN 15
#define MIN_ALIGNED 0.5 /* of the calls to lead to the start of a function */

PLUGIN_EXPORT int qemu_plugin_version = PLUGIN_API;

/* QEMU's callbacks for executed code carry no pointer of the plugin's own beside the block's. */
static struct {
	FILE *out;
	struct functions functions;
	struct track *track;
	int cell;		 /* -1 before the first */
	uint64_t calls, aligned; /* call instructions seen, and those to the start of a function */
} plugin;

struct marker {
	const struct block *block;
	uint32_t i;
};

static void on_block(unsigned cpu, void *block)
{
	track_block(plugin.track, cpu, block);
}

static void on_last(unsigned cpu, void *arg)
{
	(void)arg;
	track_one_more(plugin.track, cpu);
}

static void on_call(unsigned cpu, qemu_plugin_meminfo_t info, uint64_t vaddr, void *block)
{
	/* an indirect call reads where it goes */
	if (qemu_plugin_mem_is_store(info))
		track_call(plugin.track, cpu, block, vaddr);
}

static void on_return(unsigned cpu, qemu_plugin_meminfo_t info, uint64_t vaddr, void *block)
{
	if (!qemu_plugin_mem_is_store(info))
		track_return(plugin.track, cpu, block, vaddr);
}

static void on_jump(unsigned cpu, void *arg)
{
	(void)arg;
	track_jump(plugin.track, cpu);
}

static void on_region(unsigned cpu, void *marker)
{
	const struct marker *m = marker;

	track_region(plugin.track, cpu, m->block, m->i);
}

static void end_cell(void)
{
	if (plugin.cell < 0)
		return;
	if (track_is_open(plugin.track))
		fprintf(plugin.out, "open\n");
	track_write(plugin.track, plugin.out);
	fprintf(plugin.out, "end\n");
	fflush(plugin.out);
}

static void on_cell(unsigned cpu, void *arg)
{
	(void)cpu;
	(void)arg;
	end_cell();
	fprintf(plugin.out, "cell %d\n", ++plugin.cell);
}

/* Whether the symbols are those of the kernel that runs shows in where its calls lead. */
static const char *judgement(void)
{
	if (plugin.functions.pages)
		return "none";
	return plugin.aligned >= MIN_ALIGNED * plugin.calls ? "match" : "differ";
}

static void on_exit_of_qemu(qemu_plugin_id_t id, void *arg)
{
	(void)id;
	(void)arg;
	end_cell();
	fprintf(plugin.out, "symbols %s\nbye\n", judgement());
	if (fclose(plugin.out) != 0)
		fprintf(stderr, "profile plugin: the profile could not be written whole: %s\n",
			strerror(errno));
}

static size_t insn_bytes(const struct qemu_plugin_insn *insn, uint8_t bytes[16])
{
	size_t size = qemu_plugin_insn_size(insn);

	if (size > 16)
		return 0;
#if PLUGIN_API < 3
	memcpy(bytes, qemu_plugin_insn_data(insn), size);
#else
	qemu_plugin_insn_data(insn, bytes, size);
#endif
	return size;
}

static void try_symbols(const struct block *b)
{
	bool first;

	if (b->user || b->last.kind != INSN_CALL || !b->last.target)
		return;
	plugin.calls++;
	functions_find(&plugin.functions, b->last.target, &first);
	plugin.aligned += first;
}

/*
 * How the kernel leaves a block. QEMU 7.2 mistakes reads for writes when asked for only one of
 * them, so it is asked for both.
 */
static void watch_end(struct qemu_plugin_insn *insn, struct block *b)
{
	qemu_plugin_mem_cb cb = b->last.kind == INSN_CALL  ? on_call
				: b->last.kind == INSN_RET ? on_return
							   : NULL;

	if (b->last.kind == INSN_INDIRECT && !b->user)
		qemu_plugin_register_vcpu_insn_exec_cb(insn, on_jump, QEMU_PLUGIN_CB_NO_REGS, NULL);
	if (cb && !b->user)
		qemu_plugin_register_vcpu_mem_cb(insn, cb, QEMU_PLUGIN_CB_NO_REGS,
						 QEMU_PLUGIN_MEM_RW, b);
}

static void watch_insn(struct qemu_plugin_insn *insn, struct block *b, uint32_t i)
{
	uint8_t bytes[16];
	size_t size = insn_bytes(insn, bytes);
	enum mark mark = b->user ? insn_mark(bytes, size) : MARK_NONE;
	struct marker *m;

	b->offset[i] = qemu_plugin_insn_vaddr(insn) - b->addr;
	if (i == b->n - 1) {
		b->end = b->addr + b->offset[i] + size;
		b->last = insn_decode(bytes, size, b->addr + b->offset[i]);
		watch_end(insn, b);
	}
	if (mark == MARK_NONE)
		return;
	m = xcalloc(1, sizeof(*m));
	*m = (struct marker){b, i};
	qemu_plugin_register_vcpu_insn_exec_cb(insn, mark == MARK_REGION ? on_region : on_cell,
					       QEMU_PLUGIN_CB_NO_REGS, m);
}

/*
 * Where an instruction runs on into the next page, QEMU ends the block before it and still shows
 * the plugin as many of its bytes as it has read. Whether the last one is such a piece is only seen
 * when the block is executed.
 */
static bool last_is_doubtful(const struct qemu_plugin_tb *tb, size_t n)
{
	uint64_t at = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, n - 1));

	return n > 1 && at % PAGE_BYTES + LONGEST_INSN > PAGE_BYTES;
}

/* QEMU may execute a translation at any later time and never says when one is gone: they stay. */
static void on_translation(qemu_plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t n = qemu_plugin_tb_n_insns(tb);
	struct block *b = xcalloc(1, sizeof(*b) + n * sizeof(*b->offset));

	(void)id;
	b->n = n;
	b->addr = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, 0));
	b->user = !(b->addr >> 63);
	b->function = functions_find(&plugin.functions, b->addr, &b->first);
	b->entry = b->function->entry && (b->first || b->function->stubs);
	for (size_t i = 0; i < n; i++)
		watch_insn(qemu_plugin_tb_get_insn(tb, i), b, i);
	try_symbols(b);
	if (last_is_doubtful(tb, n)) {
		b->n--;
		qemu_plugin_register_vcpu_insn_exec_cb(qemu_plugin_tb_get_insn(tb, b->n), on_last,
						       QEMU_PLUGIN_CB_NO_REGS, NULL);
	}
	qemu_plugin_register_vcpu_tb_exec_cb(tb, on_block, QEMU_PLUGIN_CB_NO_REGS, b);
}

static int refuse(const char *why, const char *subject)
{
	fprintf(stderr, "profile plugin: %s%s\n", why, subject);
	return -1;
}

static int read_options(int argc, char **argv, const char **out, const char **symbols)
{
	for (int i = 0; i < argc; i++) {
		if (strncmp(argv[i], "out=", 4) == 0)
			*out = argv[i] + 4;
		else if (strncmp(argv[i], "symbols=", 8) == 0)
			*symbols = argv[i] + 8;
		else
			return refuse("it takes out=FILE and symbols=FILE, not ", argv[i]);
	}
	return *out ? 0 : refuse("it wants out=FILE", "");
}

PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc,
				      char **argv)
{
	const char *out = NULL, *symbols = NULL;
	struct err err;

	if (info->version.cur > PLUGIN_API_LAST)
		return refuse("this QEMU's plugin interface is newer than it knows; "
			      "it knows versions 1 to 6",
			      "");
	if (strcmp(info->target_name, "x86_64") != 0 || !info->system_emulation)
		return refuse("it follows the calls of an x86_64 machine, not of ",
			      info->target_name);
	if (read_options(argc, argv, &out, &symbols) < 0)
		return -1;
	if (!symbols)
		functions_none(&plugin.functions);
	else if (functions_load(&plugin.functions, symbols, &err) < 0)
		return refuse(err.text, "");
	plugin.out = fopen(out, "we");
	if (!plugin.out)
		return refuse("this file cannot be written: ", out);
	plugin.track = track_new();
	plugin.cell = -1;
	fprintf(plugin.out, "mlocklab-profile 1\n");
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
	qemu_plugin_register_atexit_cb(id, on_exit_of_qemu, NULL);
	return 0;
}
