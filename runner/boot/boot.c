#include "runner/boot/parts.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/machine.h"
#include "lib/stored.h"
#include "lib/text.h"
#include "runner/boot/confine.h"
#include "runner/boot/console.h"
#include "runner/boot/disturb.h"

/* Far above what a plan can yield; what goes beyond is a guest that does not stop. */
#define MAX_RECORD_BYTES (1ull << 30)
#define MAX_CONSOLE_BYTES (64ll << 20)

/* Seconds without a message, before a guest has begun its first cell */
#define MAX_SILENT_START 300

/* How long QEMU may take to end once its channel has, in seconds. */
#define MAX_FAREWELL 10

const char *boot_outcome_name(enum boot_outcome o)
{
	static const char *const names[] = {"ok",     "panic",	      "hang",  "died",	     "cut",
					    "launch", "wrong-kernel", "clock", "interrupted"};

	return names[o];
}

int boot_start(struct boot *b, const struct boot_job *job, char *dir, struct err *err)
{
	*b = (struct boot){.job = *job, .dir = dir, .child = CHILD_INIT, .fd = -1, .cell = -1};
	boot_receive_init(b);
	if (job->target->kind == TARGET_KVM || job->target->kind == TARGET_HOST)
		b->disturbing = disturb_brief();
	clock_gettime(CLOCK_MONOTONIC, &b->started);
	b->heard = b->started;
	b->samples_fd = boot_open_file(dir, "samples.jsonl", err);
	b->events_fd = boot_open_file(dir, "events.jsonl", err);
	if (b->samples_fd < 0 || b->events_fd < 0 || boot_launch(b, err) < 0) {
		boot_release(b);
		return -1;
	}
	return 0;
}

static double seconds_between(const struct timespec *from, const struct timespec *to)
{
	return (double)(to->tv_sec - from->tv_sec) + (double)(to->tv_nsec - from->tv_nsec) / 1e9;
}

static double seconds_since(const struct timespec *t)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return seconds_between(t, &now);
}

static void kill_now(const struct boot *b)
{
	kill(-b->child.pid, SIGKILL);
	kill(b->child.pid, SIGKILL);
}

/* Seconds of silence that are borne; before its first cell nothing takes a guest as long as one
 * may. */
static int patience(const struct boot *b)
{
	int most = b->job.e->watchdog;

	return b->cell < 0 && most > MAX_SILENT_START ? MAX_SILENT_START : most;
}

void boot_check(struct boot *b)
{
	char *console = boot_file(b->dir, "console.log");
	struct stat st;

	if (b->killed && seconds_since(&b->killed_at) > MAX_FAREWELL)
		kill_now(b);
	else if (b->stranger)
		boot_kill(b, BOOT_WRONG_KERNEL, b->stranger);
	else if (stat(console, &st) == 0 && st.st_size > MAX_CONSOLE_BYTES)
		boot_kill(b, BOOT_HANG, "its console went over 64 MiB");
	else if (b->bytes > MAX_RECORD_BYTES)
		boot_kill(b, BOOT_HANG, "its records went over 1 GiB");
	else if (seconds_since(&b->heard) > patience(b)) {
		char *text = xasprintf("no message for %d s%s%s", patience(b),
				       b->cell >= 0 ? ", in " : "",
				       b->cell >= 0 ? b->job.e->cells[b->cell].id : "");

		boot_kill(b, BOOT_HANG, text);
		free(text);
	}
	free(console);
}

void boot_kill(struct boot *b, enum boot_outcome why, const char *detail)
{
	if (b->killed || b->child.pid <= 0)
		return;
	b->killed = true;
	b->outcome = why;
	b->detail = xstrdup(detail);
	clock_gettime(CLOCK_MONOTONIC, &b->killed_at);
	if (b->job.target->kind == TARGET_HOST)
		kill(b->child.pid, SIGTERM);
	else
		kill_now(b);
}

/* --- its end --- */

bool boot_is_lost(const char *outcome, int signal)
{
	return strcmp(outcome, "clock") == 0 || (strcmp(outcome, "died") == 0 && signal);
}

/* A signal that someone sends (the OOM killer, an administrator), as against one that QEMU raises.
 */
static int from_outside(int status)
{
	static const int sent[] = {SIGKILL, SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGXCPU};

	for (size_t i = 0; i < sizeof(sent) / sizeof(*sent); i++)
		if (WIFSIGNALED(status) && WTERMSIG(status) == sent[i])
			return sent[i];
	return 0;
}

/* How far the guest's clock may go apart from ours: a share, and what starting and ending take. */
#define CLOCK_SHARE 0.05
#define CLOCK_SECONDS 1

static bool clock_is_off(const struct boot *b)
{
	enum target_kind kind = b->job.target->kind;
	double apart = fabs(b->guest_seconds - b->wall_seconds);

	return (kind == TARGET_TCG || kind == TARGET_KVM) && b->guest_seconds > 0 &&
	       apart > CLOCK_SECONDS && apart > CLOCK_SHARE * b->wall_seconds;
}

/* Outcome of a boot whose plan was done; trouble: or NULL. */
static void judge_done(struct boot *b, const char *trouble)
{
	if (clock_is_off(b)) {
		b->outcome = BOOT_CLOCK;
		b->detail = xasprintf("the guest's clock went on by %.1f s in %.1f s",
				      b->guest_seconds, b->wall_seconds);
		return;
	}
	b->outcome = BOOT_OK;
	b->detail = xasprintf("%s%s%s", b->cell_trouble ? b->cell_trouble : "",
			      b->cell_trouble && trouble ? "; " : "", trouble ? trouble : "");
}

/* Sets outcome and detail of a boot that ended by itself. trouble: or NULL. */
static void judge(struct boot *b, int status, bool panic, const char *trouble)
{
	bool good_exit = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	const char *why = b->complaint ? b->complaint : trouble;

	if (b->bye && b->known && !b->faults && good_exit) {
		judge_done(b, trouble);
	} else if (b->stranger) {
		b->outcome = BOOT_WRONG_KERNEL;
		b->detail = xstrdup(b->stranger);
	} else if (panic) {
		b->outcome = BOOT_PANIC;
		b->detail = xstrdup(trouble);
	} else if (b->faults && good_exit) {
		b->outcome = BOOT_CUT;
		b->detail = xstrdup(b->first_fault);
	} else if (!b->hello && !good_exit && WIFEXITED(status)) {
		b->outcome = BOOT_LAUNCH;
		b->detail = b->complaint ? xstrdup(b->complaint)
					 : xasprintf("it ended with code %d", WEXITSTATUS(status));
	} else if (WIFSIGNALED(status)) {
		b->outcome = BOOT_DIED;
		b->signal = from_outside(status);
		b->detail = xasprintf("it was killed by signal %d%s%s", WTERMSIG(status),
				      why ? ": " : "", why ? why : "");
	} else {
		b->outcome = BOOT_DIED;
		b->detail = xasprintf("it ended before its plan did%s%s", why ? ": " : "",
				      why ? why : "");
	}
}

static void decide(struct boot *b, int status)
{
	char *path = boot_file(b->dir, "console.log"), *log = boot_file(b->dir, "qemu.log");
	struct console console;

	console_read(&console, path);
	if (b->job.target->kind != TARGET_HOST)
		b->findings = json_incref(console.findings);
	b->complaint = console_complaint(log);
	if (!b->killed)
		judge(b, status, console.panic, console.trouble);
	console_release(&console);
	free(path);
	free(log);
}

/*
 * Waits for a process that has closed its channel, which does not mean that it ends. Whether its
 * wait status is known.
 */
static bool wait_for_end(struct boot *b, int *status)
{
	const struct timespec moment = {.tv_nsec = 20000000};
	struct timespec since;
	int ended;

	clock_gettime(CLOCK_MONOTONIC, &since);
	while ((ended = child_poll(&b->child, status)) == 0) {
		if (seconds_since(&since) > MAX_FAREWELL) {
			boot_kill(b, BOOT_DIED, "it closed its channel and did not end");
			kill_now(b);
		}
		nanosleep(&moment, NULL);
	}
	return ended > 0;
}

/* How it ended nobody can say: what came of it is not to be trusted. */
static void boot_lost(struct boot *b)
{
	if (b->killed)
		return;
	b->outcome = BOOT_DIED;
	b->detail = xstrdup("the system does not tell how it ended");
}

/* Which boot of this machine it was: sessions of one have everything but time in common. */
static void set_machine(json_t *o)
{
	struct str id = STR_INIT;
	struct utsname u;
	struct err err;

	uname(&u);
	if (fs_read("/proc/sys/kernel/random/boot_id", &id, &err) == 0 && id.len) {
		id.buf[strcspn(id.buf, "\n")] = '\0';
		json_object_set_new(o, "boot_id", json_string(id.buf));
	}
	json_object_set_new(o, "release", json_string(u.release));
	str_release(&id);
}

/* The node of a cluster that it was made on: Slurm's name for it. */
static void add_node(json_t *o)
{
	const char *name = getenv("SLURMD_NODENAME");
	char *cpu;

	if (!name || !*name)
		return;
	cpu = machine_cpu();
	json_object_set_new(o, "node", json_pack("{s:s, s:s}", "name", name, "cpu", cpu));
	free(cpu);
}

/* Else nothing was started, and nothing is known of its machine. */
static bool was_begun(const struct boot *b)
{
	return b->started.tv_sec || b->started.tv_nsec;
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
	o = json_pack("{s:i, s:s, s:s, s:i, s:I, s:s, s:s, s:i, s:i, s:i, s:s, s:f, s:O?, s:O?}",
		      "n", p->n, "kind", plan_kind_name(p->kind), "arm",
		      b->job.e->arms[p->arm].name, "pair", p->pair, "seed", (json_int_t)p->seed,
		      "outcome", boot_outcome_name(b->outcome), "detail", b->detail, "attempts",
		      b->job.attempts + 1, "samples", b->samples, "faults", b->faults, "command",
		      str_text(&command), "wall_seconds",
		      was_begun(b) ? seconds_since(&b->started) : 0., "guest", b->hello, "settled",
		      b->settle);
	if (b->findings)
		json_object_set(o, "findings", b->findings);
	add_node(o);
	json_object_set_new(o, "pinned", json_integer(b->pinned));
	if (b->job.target->kind == TARGET_HOST && was_begun(b))
		set_machine(o);
	if (b->settle)
		json_object_set_new(o, "ready_seconds",
				    json_real(seconds_between(&b->started, &b->ready)));
	if (b->guest_seconds > 0)
		json_object_set_new(o, "clock",
				    json_pack("{s:f, s:f}", "guest_seconds", b->guest_seconds,
					      "wall_seconds", b->wall_seconds));
	if (b->disturbing)
		json_object_set(o, "disturbing", b->disturbing);
	if (b->stolen_ms > 0)
		json_object_set_new(o, "stolen_seconds", json_real((double)b->stolen_ms / 1e3));
	if (b->signal)
		json_object_set_new(o, "signal", json_integer(b->signal));
	if (b->first_fault)
		json_object_set_new(o, "first_fault", json_string(b->first_fault));
	str_release(&command);
	strv_release(&argv);
	return o;
}

/* The last that is written of a boot: with it, boot.json vouches for what is there. */
static int write_json(const struct boot *b, const char *path, struct err *err)
{
	json_t *files = stored_files(b->dir, err), *o;
	int ret;

	if (!files)
		return -1;
	o = boot_json(b);
	json_object_set_new(o, "files", files);
	if (b->job.plan_sha256)
		json_object_set_new(o, "plan_sha256", json_string(b->job.plan_sha256));
	stored_seal_boot(o);
	ret = json_write(path, o, err);
	json_decref(o);
	return ret;
}

int boot_finish(struct boot *b, struct err *err)
{
	char *path = boot_file(b->dir, "boot.json"), *initrd = boot_file(b->dir, "initramfs.cpio");
	int status = 0, ret = 0;
	bool known = wait_for_end(b, &status);

	unlink(initrd);
	if (b->job.target->kind != TARGET_HOST)
		confine_lend(&b->job, b->dir, false, err);
	if (known)
		decide(b, status);
	else
		boot_lost(b);
	/* what boot.json vouches for is on the disk before it */
	if (!b->store_errno && (fsync(b->samples_fd) < 0 || fsync(b->events_fd) < 0))
		b->store_errno = errno;
	if (b->store_errno) {
		errno = b->store_errno;
		ret = err_sys(err, "cannot store the records of boot %d in '%s'", b->job.planned->n,
			      b->dir);
	} else if (b->outcome != BOOT_INTERRUPTED) {
		ret = write_json(b, path, err);
	}
	free(path);
	free(initrd);
	return ret;
}

int boot_give_up(const struct boot_job *job, char *dir, const char *detail, struct err *err)
{
	struct boot b = {.job = *job, .dir = dir, .outcome = BOOT_DIED, .detail = (char *)detail};
	char *path = boot_file(dir, "boot.json");
	int ret = write_json(&b, path, err);

	free(path);
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
	json_decref(b->findings);
	json_decref(b->disturbing);
	free(b->first_fault);
	free(b->cell_trouble);
	free(b->stranger);
	free(b->complaint);
	free(b->detail);
	free(b->dir);
	*b = (struct boot){.child = CHILD_INIT, .fd = -1, .samples_fd = -1, .events_fd = -1};
}
