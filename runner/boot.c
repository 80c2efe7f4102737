#include "runner/boot.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/record.h"
#include "lib/spawn.h"
#include "runner/console.h"
#include "runner/initramfs.h"

/* Far above what a plan can yield; what goes beyond is a guest that does not stop. */
#define MAX_RECORD_BYTES (1ull << 30)
#define MAX_CONSOLE_BYTES (64ll << 20)

/* Guest seconds to wait at least before measuring: free under icount, where sleeping costs nothing. */
#define SETTLE_ICOUNT 10
#define SETTLE_TIMED 3

const char *boot_outcome_name(enum boot_outcome o)
{
	static const char *const names[] = {"ok",  "panic",  "hang",	  "died",
					    "cut", "launch", "interrupted"};

	return names[o];
}

static char *in_dir(const char *dir, const char *name)
{
	return xasprintf("%s/%s", dir, name);
}

/* --- starting --- */

static void plan_for(const struct boot_job *job, struct str *out)
{
	plan_text(job->e, job->planned->seed,
		  job->target->kind == TARGET_ICOUNT ? SETTLE_ICOUNT : SETTLE_TIMED, out);
}

int boot_initramfs(const struct boot_job *job, const char *path, struct err *err)
{
	struct str plan = STR_INIT;
	int ret;

	plan_for(job, &plan);
	{
		struct initramfs_file files[] = {
			{"init", job->init, NULL, 0755},
			{"bin/mlockbench", job->bench, NULL, 0755},
			{"plan", NULL, str_text(&plan), 0644},
		};

		ret = initramfs_write(path, files, sizeof(files) / sizeof(*files), err);
	}
	str_release(&plan);
	return ret;
}

void boot_command(const struct boot_job *job, const char *dir, struct strv *argv)
{
	char *initrd = in_dir(dir, "initramfs.cpio"), *console = in_dir(dir, "console.log");
	struct boot_files files = {job->kernel->image, initrd, console, job->cmdline, NULL};

	target_argv(job->target, &files, job->planned->seed, argv);
	free(initrd);
	free(console);
}

/* The host target: the same program that is PID 1 in a guest runs the same plan here. */
static int host_command(const struct boot_job *job, const char *dir, struct strv *argv,
			struct err *err)
{
	char *path = in_dir(dir, "plan");
	struct str plan = STR_INIT;
	int ret;

	plan_for(job, &plan);
	ret = fs_write_atomic(path, str_text(&plan), plan.len, err);
	strv_push(argv, job->init);
	strv_push(argv, job->bench);
	strv_push(argv, path);
	str_release(&plan);
	free(path);
	return ret;
}

static int open_file(const char *dir, const char *name, struct err *err)
{
	char *path = in_dir(dir, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

	if (fd < 0)
		err_sys(err, "cannot create '%s'", path);
	free(path);
	return fd;
}

static void on_message(void *arg, unsigned stream, unsigned seq, const char *text, size_t len);
static void on_fault(void *arg, enum frame_fault fault, const char *text);

static int launch(struct boot *b, struct err *err)
{
	struct spawn_opts o = {.in = -1, .new_group = 1, .die_with_parent = 1};
	struct strv argv = STRV_INIT;
	int fds[2] = {-1, -1}, ret = 0;

	o.errfd = open_file(b->dir, "qemu.log", err);
	if (o.errfd < 0)
		return -1;
	if (b->job.target->kind == TARGET_HOST) {
		ret = host_command(&b->job, b->dir, &argv, err);
	} else {
		char *initrd = in_dir(b->dir, "initramfs.cpio");

		ret = boot_initramfs(&b->job, initrd, err);
		free(initrd);
		boot_command(&b->job, b->dir, &argv);
	}
	if (ret == 0 && pipe2(fds, O_CLOEXEC) < 0)
		ret = err_sys(err, "cannot make a pipe");
	if (ret == 0) {
		o.out = fds[1];
		b->pid = spawn_start(argv.v, &o, err);
		ret = b->pid < 0 ? -1 : 0;
		close(fds[1]);
	}
	close(o.errfd);
	strv_release(&argv);
	if (ret < 0) {
		if (fds[0] >= 0)
			close(fds[0]);
		return -1;
	}
	b->fd = fds[0];
	fcntl(b->fd, F_SETFL, O_NONBLOCK);
	return 0;
}

int boot_start(struct boot *b, const struct boot_job *job, char *dir, struct err *err)
{
	struct frame_handler h = {b, on_message, on_fault};

	*b = (struct boot){.job = *job, .dir = dir, .pid = -1, .fd = -1, .cell = -1};
	frame_reader_init(&b->reader, &h);
	clock_gettime(CLOCK_MONOTONIC, &b->started);
	b->heard = b->started;
	b->samples_fd = open_file(dir, "samples.jsonl", err);
	b->events_fd = open_file(dir, "events.jsonl", err);
	if (b->samples_fd < 0 || b->events_fd < 0 || launch(b, err) < 0) {
		boot_release(b);
		return -1;
	}
	return 0;
}

/* --- what the guest sends --- */

static void on_fault(void *arg, enum frame_fault fault, const char *text)
{
	struct boot *b = arg;

	b->faults++;
	if (!b->first_fault) {
		char *clean = console_clean(text, 80);

		b->first_fault = xasprintf("%s: %s", frame_fault_name(fault), clean);
		free(clean);
	}
}

/* A line to a file of the run, on the disk before the guest's next record. */
static void store_line(struct boot *b, int fd, const char *text, size_t len)
{
	struct str s = STR_INIT;

	str_addn(&s, text, len);
	str_add(&s, "\n");
	if (!b->store_errno && (fs_write_all(fd, s.buf, s.len) < 0 || fdatasync(fd) < 0))
		b->store_errno = errno;
	str_release(&s);
}

static void take_sample(struct boot *b, unsigned stream, const char *text, size_t len)
{
	struct sample s;
	struct err err;

	if (sample_parse(&s, text, len, &err) < 0) {
		on_fault(b, FRAME_DAMAGED, err.text);
		return;
	}
	if (stream == 0 || stream > b->job.e->ncells ||
	    strcmp(s.cell, b->job.e->cells[stream - 1].id) != 0) {
		on_fault(b, FRAME_DAMAGED, "a sample of a cell that is not in the plan");
	} else {
		store_line(b, b->samples_fd, text, len);
		b->samples++;
	}
	sample_release(&s);
}

static void take_event(struct boot *b, unsigned stream, json_t *o)
{
	const char *type = json_get_str(o, "t", "");
	long long i = json_get_int(o, "i", -1);

	if (stream != 0)
		return;
	if (strcmp(type, "hello") == 0 && !b->hello)
		b->hello = json_incref(o);
	else if (strcmp(type, "settled") == 0 && !b->settle)
		b->settle = json_incref(o);
	else if (strcmp(type, "cell") == 0 && i >= 0 && i < (long long)b->job.e->ncells)
		b->cell = (int)i;
	else if (strcmp(type, "bye") == 0)
		b->bye = true;
	b->settled |= strcmp(type, "settled") == 0;
}

static void on_message(void *arg, unsigned stream, unsigned seq, const char *text, size_t len)
{
	static const char sample[] = "{\"t\":\"sample\"";
	struct boot *b = arg;
	json_t *o;

	(void)seq;
	if (len >= strlen(sample) && strncmp(text, sample, strlen(sample)) == 0) {
		take_sample(b, stream, text, len);
		return;
	}
	o = json_loadb(text, len, 0, NULL);
	if (json_is_object(o)) {
		store_line(b, b->events_fd, text, len);
		take_event(b, stream, o);
	} else {
		on_fault(b, FRAME_DAMAGED, "a message that is not a JSON object");
	}
	json_decref(o);
}

void boot_pump(struct boot *b)
{
	char buf[65536];
	ssize_t n = read(b->fd, buf, sizeof(buf));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0) {
		clock_gettime(CLOCK_MONOTONIC, &b->heard);
		b->bytes += (unsigned long long)n;
		frame_reader_feed(&b->reader, buf, (size_t)n);
		return;
	}
	frame_reader_finish(&b->reader);
	close(b->fd);
	b->fd = -1;
}

static double seconds_since(const struct timespec *t)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - t->tv_sec) + (double)(now.tv_nsec - t->tv_nsec) / 1e9;
}

void boot_check(struct boot *b)
{
	char *console = in_dir(b->dir, "console.log");
	struct stat st;

	if (stat(console, &st) == 0 && st.st_size > MAX_CONSOLE_BYTES)
		boot_kill(b, BOOT_HANG, "its console went over 64 MiB");
	else if (b->bytes > MAX_RECORD_BYTES)
		boot_kill(b, BOOT_HANG, "its records went over 1 GiB");
	else if (seconds_since(&b->heard) > b->job.e->watchdog) {
		char *text = xasprintf("no message for %d s%s%s", b->job.e->watchdog,
				       b->cell >= 0 ? ", in " : "",
				       b->cell >= 0 ? b->job.e->cells[b->cell].id : "");

		boot_kill(b, BOOT_HANG, text);
		free(text);
	}
	free(console);
}

void boot_kill(struct boot *b, enum boot_outcome why, const char *detail)
{
	if (b->killed || b->pid <= 0)
		return;
	b->killed = true;
	b->outcome = why;
	b->detail = xstrdup(detail);
	kill(-b->pid, SIGKILL);
	kill(b->pid, SIGKILL);
}

/* --- its end --- */

/* The last line QEMU or the session wrote to its standard error, or NULL. */
static char *last_complaint(const struct boot *b)
{
	char *path = in_dir(b->dir, "qemu.log"), *clean = NULL;
	struct str s = STR_INIT;
	struct err err;

	if (fs_read(path, &s, &err) == 0 && s.len) {
		char *nl;

		while (s.len && s.buf[s.len - 1] == '\n')
			s.buf[--s.len] = '\0';
		nl = strrchr(s.buf, '\n');
		clean = console_clean(nl ? nl + 1 : s.buf, 200);
	}
	str_release(&s);
	free(path);
	return clean;
}

static void decide(struct boot *b, int status)
{
	char *console = in_dir(b->dir, "console.log");
	char *complaint = last_complaint(b);
	int panic, good_exit = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	char *trouble = console_trouble(console, &panic);

	free(console);
	if (b->killed) {
		free(trouble);
		free(complaint);
		return;
	}
	if (b->bye && !b->faults && good_exit) {
		b->outcome = BOOT_OK;
		b->detail = trouble ? xstrdup(trouble) : xstrdup("");
	} else if (b->bye && b->faults) {
		b->outcome = BOOT_CUT;
		b->detail = xstrdup(b->first_fault);
	} else if (panic) {
		b->outcome = BOOT_PANIC;
		b->detail = xstrdup(trouble);
	} else if (!b->hello && !good_exit && WIFEXITED(status)) {
		b->outcome = BOOT_LAUNCH;
		b->detail = complaint ? xstrdup(complaint)
				      : xasprintf("it ended with code %d", WEXITSTATUS(status));
	} else if (WIFSIGNALED(status)) {
		b->outcome = BOOT_DIED;
		b->detail = xasprintf("it was killed by signal %d", WTERMSIG(status));
	} else {
		b->outcome = BOOT_DIED;
		b->detail = xasprintf("it ended before its plan did%s%s", trouble ? ": " : "",
				      trouble ? trouble : "");
	}
	free(trouble);
	free(complaint);
}

static json_t *boot_json(const struct boot *b)
{
	const struct planned_boot *p = b->job.planned;
	struct strv argv = STRV_INIT;
	struct str command = STR_INIT;
	json_t *o;

	if (b->job.target->kind != TARGET_HOST)
		boot_command(&b->job, b->dir, &argv);
	strv_quote(&argv, &command);
	o = json_pack("{s:i, s:s, s:i, s:I, s:s, s:s, s:i, s:i, s:i, s:s, s:f, s:O?, s:O?}", "n", p->n,
		      "arm", b->job.e->arms[p->arm].name, "pair", p->pair, "seed",
		      (json_int_t)p->seed, "outcome", boot_outcome_name(b->outcome), "detail", b->detail,
		      "attempts", b->job.attempts + 1, "samples", b->samples, "faults", b->faults,
		      "command", str_text(&command), "wall_seconds", seconds_since(&b->started), "guest",
		      b->hello, "settled", b->settle);
	if (b->first_fault)
		json_object_set_new(o, "first_fault", json_string(b->first_fault));
	str_release(&command);
	strv_release(&argv);
	return o;
}

int boot_finish(struct boot *b, struct err *err)
{
	char *path = in_dir(b->dir, "boot.json"), *initrd = in_dir(b->dir, "initramfs.cpio");
	int status = 0, ret = 0;
	json_t *o;

	while (waitpid(b->pid, &status, 0) < 0 && errno == EINTR)
		;
	b->pid = -1;
	unlink(initrd);
	decide(b, status);
	if (b->store_errno) {
		errno = b->store_errno;
		ret = err_sys(err, "cannot store the records of boot %d in '%s'", b->job.planned->n,
			      b->dir);
	} else if (b->outcome != BOOT_INTERRUPTED) {
		o = boot_json(b);
		ret = json_write(path, o, err);
		json_decref(o);
	}
	free(path);
	free(initrd);
	return ret;
}

void boot_release(struct boot *b)
{
	if (b->fd >= 0)
		close(b->fd);
	if (b->samples_fd >= 0)
		close(b->samples_fd);
	if (b->events_fd >= 0)
		close(b->events_fd);
	frame_reader_release(&b->reader);
	json_decref(b->hello);
	json_decref(b->settle);
	free(b->first_fault);
	free(b->detail);
	free(b->dir);
	*b = (struct boot){.pid = -1, .fd = -1, .samples_fd = -1, .events_fd = -1};
}
