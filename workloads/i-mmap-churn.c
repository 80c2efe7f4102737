/*
 * Processes that change the set of mappings of one file at the same time: every mmap, munmap, fork,
 * exec and exit of a file mapping takes the file's i_mmap_rwsem for write, once each mapping.
 *
 * act=map maps and unmaps the file. act=fork forks a child that has MAPS mappings of it and exits.
 * act=exec forks a child that executes the file, a program of four mappings that exits at once, as
 * UnixBench's execl does with one program on all CPUs. The control gives each process a file of its
 * own for it; what it shares then is but this program's own text. Nothing is locked.
 *
 * The figure is the time by the operations of all of them, so that where nobody waits it is
 * divided by the CPUs; p99 and max are of single operations. Who waited for whom is what
 * locks=slowpath records.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/str.h"
#include "workloads/crew.h"
#include "workloads/memory.h"
#include "workloads/workload.h"

#define MAPS 16
#define SEGMENTS 4
#define LOAD_AT 0x10000000u

struct state {
	int file;  /* of all of them, or in a member: its own */
	int times; /* where members leave how long each operation took: no memory is shared for it
		    */
	char *at;
	int (*act)(struct state *s, struct err *err);
};

/* exit(0), in a file with as many mappings as a program commonly has: read, execute, read, write.
 */
static int write_program(int fd, struct err *err)
{
	static const uint8_t code[] = {0x31, 0xff, 0xb8, 0xe7, 0, 0, 0, 0x0f, 0x05};
	static const uint32_t flags[SEGMENTS] = {PF_R, PF_R | PF_X, PF_R, PF_R | PF_W};
	static uint8_t image[SEGMENTS * PAGE_BYTES];
	Elf64_Ehdr *head = (void *)image;
	Elf64_Phdr *segment = (void *)(head + 1);

	*head = (Elf64_Ehdr){.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64,
					 ELFDATA2LSB, EV_CURRENT},
			     .e_type = ET_EXEC,
			     .e_machine = EM_X86_64,
			     .e_version = EV_CURRENT,
			     .e_entry = LOAD_AT + PAGE_BYTES,
			     .e_phoff = sizeof(*head),
			     .e_ehsize = sizeof(*head),
			     .e_phentsize = sizeof(*segment),
			     .e_phnum = SEGMENTS};
	for (unsigned i = 0; i < SEGMENTS; i++)
		segment[i] = (Elf64_Phdr){.p_type = PT_LOAD,
					  .p_flags = flags[i],
					  .p_offset = i * PAGE_BYTES,
					  .p_vaddr = LOAD_AT + i * PAGE_BYTES,
					  .p_filesz = PAGE_BYTES,
					  .p_memsz = PAGE_BYTES,
					  .p_align = PAGE_BYTES};
	memcpy(image + PAGE_BYTES, code, sizeof(code));
	return pwrite(fd, image, sizeof(image), 0) == sizeof(image) ? 0
								    : err_sys(err, "the program");
}

/* A file that is a program too, opened so that it may be executed: nobody has it open to write. */
static int make_file(struct err *err)
{
	int fd = memfd_create("mlockbench", MFD_CLOEXEC), again;
	char path[40];

	if (fd < 0)
		return err_sys(err, "a file in memory");
	if (write_program(fd, err) < 0) {
		close(fd);
		return -1;
	}
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_RDONLY | O_CLOEXEC);
	close(fd);
	return again < 0 ? err_sys(err, "%s", path) : again;
}

static int act_map(struct state *s, struct err *err)
{
	void *at = mmap(NULL, PAGE_BYTES, PROT_READ, MAP_SHARED, s->file, 0);

	return at == MAP_FAILED || munmap(at, PAGE_BYTES) < 0 ? err_sys(err, "mmap and munmap") : 0;
}

static int await(pid_t pid, struct err *err)
{
	int status = -1;

	if (pid < 0)
		return err_sys(err, "fork");
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status ? err_set(err, "a child ended with status %#x, 0 would be right", status) : 0;
}

static int act_fork(struct state *s, struct err *err)
{
	pid_t pid = fork();

	(void)s;
	if (pid == 0)
		_exit(0);
	return await(pid, err);
}

/* vfork, so that it is exec that is seen and not the copying of what is given up at once. */
static int act_exec(struct state *s, struct err *err)
{
	static char *const argv[] = {"mlockbench", NULL}, *const envp[] = {NULL};
	pid_t pid = vfork();

	if (pid == 0) {
		fexecve(s->file, argv, envp);
		_exit(EXIT_USAGE);
	}
	return await(pid, err);
}

static int prepare(struct bench *b, int member, void *arg, struct err *err)
{
	struct state *s = arg;
	int maps = bench_is(b, "act", "fork") ? MAPS : 0;

	(void)member;
	if (bench_is(b, "file", "own"))
		s->file = make_file(err);
	if (s->file < 0)
		return -1;
	/* Every other page, or they would be one mapping. */
	s->at = memory_place(2 * MAPS * PAGE_BYTES, (unsigned)bench_random(b), err);
	for (int i = 0; s->at && i < maps; i++)
		if (!memory_map(s->at + (size_t)2 * i * PAGE_BYTES, PAGE_BYTES, PROT_READ,
				MAP_SHARED, s->file, err))
			return -1;
	s->act = maps ? act_fork : bench_is(b, "act", "exec") ? act_exec : act_map;
	return s->at ? 0 : -1;
}

static int churn(struct bench *b, int member, void *arg, struct err *err)
{
	uint64_t n = bench_injected(b, bench_int(b, "rounds")), began;
	size_t bytes = n * sizeof(uint64_t);
	uint64_t *took = xmalloc(bytes);
	struct state *s = arg;
	int ret = 0;

	for (uint64_t i = 0; i < n && ret == 0; i++) {
		began = bench_now();
		ret = s->act(s, err);
		took[i] = bench_now() - began;
	}
	if (ret == 0 &&
	    pwrite(s->times, took, bytes, (off_t)(bytes * (size_t)member)) != (ssize_t)bytes)
		ret = err_sys(err, "%" PRIu64 " times", n);
	free(took);
	return ret;
}

static enum outcome take_times(struct bench *b, const struct state *s)
{
	uint64_t ns;

	for (off_t at = 0; pread(s->times, &ns, sizeof(ns), at) == sizeof(ns); at += sizeof(ns))
		bench_latency(b, ns);
	bench_percentiles(b);
	return OUTCOME_OK;
}

static enum outcome iterate(struct bench *b)
{
	struct state s = {.file = -1, .times = memfd_create("times", MFD_CLOEXEC)};
	uint64_t procs = bench_int(b, "procs");
	enum outcome outcome;
	struct err err;
	struct crew c;

	s.file = s.times < 0 ? -1 : make_file(&err);
	if (s.file < 0) {
		outcome = bench_broken(b, "%s", s.times < 0 ? "a file in memory" : err.text);
		close(s.times);
		return outcome;
	}
	outcome = crew_gather(b, &c, (int)procs, prepare, churn, &s);
	if (outcome == OUTCOME_OK) {
		bench_start(b);
		crew_release(&c);
		outcome = crew_join(b, &c);
		bench_stop(b);
		bench_ops(b, procs * bench_int(b, "rounds"));
	}
	crew_dismiss(&c);
	if (outcome == OUTCOME_OK)
		outcome = take_times(b, &s);
	close(s.file);
	close(s.times);
	return outcome;
}

static uint64_t memory(struct bench *b)
{
	return bench_int(b, "procs") * (256 << 10) + bench_int(b, "rounds") * 16;
}

const struct workload i_mmap_churn = {
	.name = "i-mmap-churn",
	.help = "many processes map, fork with or execute one file",
	.params =
		(const struct param[]){
			{"procs", "processes", PARAM_INT, "4", 1, 1024, NULL},
			{"act", "what each does", PARAM_ENUM, "map", 0, 0, "map|fork|exec"},
			{"rounds", "times that each does it", PARAM_INT, "256", 1, 1000000, NULL},
			{"file", "one of all of them, or each its own", PARAM_ENUM, "one", 0, 0,
			 "one|own"},
			{0},
		},
	.metrics =
		(const struct metric[]){
			{"op", "ns/op", "first release to last done, by the operations of all",
			 BETTER_LOWER, true},
			{"p50", "ns", "an operation, median", BETTER_LOWER, true},
			{"p99", "ns", "an operation, 99th percentile", BETTER_LOWER, true},
			{"max", "ns", "the slowest operation", BETTER_LOWER, true},
			{0},
		},
	.needs = {.memory = memory},
	.control = "file=own",
	.slack_pages = 16,
	.iterate = iterate,
};
