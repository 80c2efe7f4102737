#include "runner/campaign/campaign.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/verb.h"
#include "runner/boot/boot.h"
#include "runner/campaign/evidence.h"
#include "runner/campaign/grub.h"
#include "runner/campaign/packages.h"
#include "runner/campaign/room.h"
#include "runner/campaign/state.h"
#include "runner/campaign/systemd.h"
#include "runner/run/prepare.h"
#include "runner/run/store-boots.h"

/* The stored run that a campaign makes, opened for one who adds to it. */
struct open_run {
	struct experiment e;
	struct target target;
	struct store store;
	struct run r;
	struct campaign_boot *boots;
};

static int open_run(struct open_run *o, const char *dir, struct err *err)
{
	*o = (struct open_run){.store = {.lock_fd = -1}};
	o->r = (struct run){.e = &o->e, .target = &o->target, .store = &o->store};
	if (store_join(&o->store, dir, err) < 0 || run_plan_stored(&o->r, err) < 0)
		return -1;
	o->target.kind = TARGET_HOST;
	o->boots = xcalloc(o->r.plan.n, sizeof(*o->boots));
	for (size_t i = 0; i < o->r.plan.n; i++) {
		const struct planned_boot *b = &o->r.plan.boots[i];
		const struct arm *a = &o->e.arms[b->arm];

		/* "boot:RELEASE" */
		o->boots[i] = (struct campaign_boot){b->n, a->name, strchr(a->spec, ':') + 1,
						     store_has_boot(&o->store, b->n)};
	}
	return 0;
}

static void close_run(struct open_run *o)
{
	free(o->boots);
	plan_release(&o->r.plan);
	store_close(&o->store);
	experiment_release(&o->e);
}

static size_t count_over(const struct open_run *o)
{
	size_t over = 0;

	for (size_t i = 0; i < o->r.plan.n; i++)
		over += o->boots[i].over;
	return over;
}

/* Says how many boots are over, and how many of these were given up. */
static void tell_over(const struct open_run *o, const char *dir)
{
	int given_up = 0;

	for (size_t i = 0; i < o->r.plan.n; i++)
		given_up += evidence_count(dir, o->boots[i].n, NULL) >= CAMPAIGN_ATTEMPTS;
	printf("%zu of %zu boots are over", count_over(o), o->r.plan.n);
	if (given_up)
		printf(", %d of them given up", given_up);
	puts("");
}

/* --- what came up --- */

struct found {
	char *boot_id, *mark;
	struct utsname u;
};

static int look(struct found *f, struct err *err)
{
	struct str id = STR_INIT, cmdline = STR_INIT;

	*f = (struct found){0};
	uname(&f->u);
	if (fs_read("/proc/sys/kernel/random/boot_id", &id, err) < 0 ||
	    fs_read("/proc/cmdline", &cmdline, err) < 0)
		return -1;
	id.buf[strcspn(id.buf, "\n")] = '\0';
	f->boot_id = id.buf;
	f->mark = campaign_word(str_text(&cmdline), CAMPAIGN_MARK);
	str_release(&cmdline);
	return 0;
}

static void found_release(struct found *f)
{
	free(f->boot_id);
	free(f->mark);
}

/* --- the end --- */

int campaign_remove(struct err *err)
{
	struct found f;
	int ret = 0;

	room_use_reserve();
	/* the state first: a step without one removes the rest */
	if (unlink(CAMPAIGN_STATE) < 0 && errno != ENOENT)
		return err_sys(err, "cannot remove '%s'", CAMPAIGN_STATE);
	if (grub_clear(err) < 0 || look(&f, err) < 0)
		return -1;
	/* the kernel that runs removes no other, and not itself: the next start's does */
	if (f.mark && packages_are_left()) {
		puts("the kernels that were installed are removed when the machine has come back");
	} else {
		ret = packages_remove(err);
		if (ret == 0)
			ret = grub_entries(NULL, 0, NULL, err);
		if (ret == 0)
			ret = fs_remove_tree(CAMPAIGN_DIR, err);
		rmdir("/var/lib/mlocklab");
		if (ret == 0)
			ret = systemd_remove(err);
	}
	found_release(&f);
	return ret;
}

static void tell_losses(const char *run)
{
	struct str text = STR_INIT;
	int lost = evidence_count(run, 0, &text);

	printf("%d attempts were lost%s\n%s", lost, lost ? ":" : "", str_text(&text));
	lost = evidence_count_clock(run);
	if (lost)
		printf("the clock was set back %d time%s\n", lost, lost == 1 ? "" : "s");
	str_release(&text);
}

/* Runs a verb on the run, as a user would. */
static int follow(const char *verb, const char *run, const char *boots, struct err *err)
{
	struct strv argv = STRV_INIT;
	int code;

	strv_push(&argv, verb);
	if (boots)
		strv_push(&argv, "--resume");
	strv_push(&argv, run);
	if (boots) {
		strv_push(&argv, "--boots");
		strv_push(&argv, boots);
	}
	code = verb_run(&argv, NULL, err);
	strv_release(&argv);
	return code;
}

static int finish(const struct campaign *c, struct err *err)
{
	struct open_run o;
	struct err why;
	int ret = open_run(&o, c->run, err);

	if (ret == 0) {
		printf("the campaign is over, its run is '%s'\n", c->run);
		tell_over(&o, c->run);
		tell_losses(c->run);
		ret = store_status(&o.store, "complete", err);
		close_run(&o);
	}
	fflush(stdout);
	if (ret == 0 && follow("report", c->run, NULL, &why) != EXIT_OK)
		printf("no report yet: 'mlocklab report %s' writes it\n", c->run);
	return campaign_remove(ret < 0 ? &why : err) < 0 ? -1 : ret;
}

/* --- one step --- */

/* An arm's kernel is not what a machine should wait under. */
static int park(struct campaign *c, const char *why, struct err *err)
{
	printf("%s: starting the kernel that the boot loader starts of itself\n", why);
	fflush(stdout);
	c->parked = true;
	if (campaign_save(c, CAMPAIGN_STATE, err) < 0 || grub_clear(err) < 0)
		return -1;
	sync();
	return systemd_reboot(err);
}

static int jump(struct campaign *c, bool of_arm, struct err *err)
{
	if (room_check(c->run, err) < 0) {
		struct err why = *err;

		return of_arm ? park(c, why.text, err)
			      : err_prefix(err, "boot %d waits for room", c->trying);
	}
	room_reserve();
	printf("boot %d, attempt %d: starting %s (%s)\n", c->trying, c->attempt, c->arm,
	       c->release);
	fflush(stdout);
	if (grub_next(c->arm, c->trying, c->attempt, err) < 0)
		return -1;
	sync();
	return systemd_reboot(err);
}

static int go_home(struct err *err)
{
	puts("no boot is left: starting the kernel that the boot loader starts of itself");
	fflush(stdout);
	if (grub_clear(err) < 0)
		return -1;
	sync();
	return systemd_reboot(err);
}

/* trouble: what kept it from being measured, where that can be told. */
static int measure(const struct campaign *c, struct err *trouble, struct err *err)
{
	char n[16], *path;
	struct err quiet;
	int code;

	snprintf(n, sizeof(n), "%d", c->trying);
	printf("boot %d, attempt %d: measuring %s (%s)\n", c->trying, c->attempt, c->arm,
	       c->release);
	fflush(stdout);
	evidence_before(c);
	if (systemd_quiet(&quiet) < 0)
		printf("timers go on: %s\n", quiet.text);
	code = follow("run", c->run, n, err);
	path = xasprintf("%s/boots/%03d/boot.json", c->run, c->trying);
	if (code >= 0 && fs_exists(path))
		evidence_drop(c);
	else if (room_check(c->run, trouble) < 0)
		room_use_reserve();
	free(path);
	sync();
	return code < 0 ? -1 : 0;
}

/* The run is complete without it, and says so. */
static int give_up(const struct campaign *c, struct err *err)
{
	struct str why = STR_INIT;
	struct open_run o;
	int ret = open_run(&o, c->run, err), attempts, lost;
	char *detail, *dir = NULL;

	if (ret < 0)
		return -1;
	lost = evidence_count(c->run, c->trying, &why);
	detail = xasprintf("given up after %d attempts; the last: %s", lost, str_text(&why));
	printf("boot %d: %s\n", c->trying, detail);
	for (size_t i = 0; i < o.r.plan.n && !dir; i++) {
		struct boot_job job = {.e = &o.e,
				       .target = &o.target,
				       .planned = &o.r.plan.boots[i],
				       .plan_sha256 = json_string_value(
					       json_object_get(o.store.run, "plan_sha256"))};

		if (o.boots[i].n != c->trying)
			continue;
		dir = store_boot_dir(&o.store, c->trying, &attempts, err);
		job.attempts = lost ? lost - 1 : 0;
		ret = dir ? boot_give_up(&job, dir, detail, err) : -1;
	}
	free(dir);
	free(detail);
	str_release(&why);
	close_run(&o);
	return ret;
}

/* What is next, saved. The boot and attempt that were tried before are c's, where lost says more.
 */
static int decide(struct campaign *c, const struct found *f, const char *trouble,
		  enum campaign_move *move, struct err *err)
{
	struct campaign_seen seen = {f->boot_id, f->u.release, f->mark, trouble};
	long long back = campaign_clock(c, time(NULL));
	int ret = 0, tried = c->trying, attempt = c->attempt;
	struct str lost = STR_INIT;
	struct open_run o;

	if (back) {
		printf("the clock was set back by %lld s, on which nothing depends\n", back);
		ret = evidence_of_clock(c, back, err);
	}
	if (ret < 0 || open_run(&o, c->run, err) < 0)
		return -1;
	*move = campaign_next(c, o.boots, o.r.plan.n, &seen, &lost);
	if (lost.len) {
		printf("boot %d, attempt %d is lost: %s\n", tried, attempt, lost.buf);
		ret = evidence_of_loss(c, attempt, &seen, lost.buf, err);
	}
	if (ret == 0)
		ret = campaign_save(c, CAMPAIGN_STATE, err);
	str_release(&lost);
	close_run(&o);
	return ret;
}

int campaign_step(struct err *err)
{
	struct err trouble = {""};
	struct campaign c;
	struct found f;
	int ret = 0;

	if (!fs_exists(CAMPAIGN_STATE)) {
		puts("no campaign is under way: what one left behind is removed");
		return campaign_remove(err);
	}
	if (campaign_load(&c, CAMPAIGN_STATE, err) < 0 || look(&f, err) < 0)
		return -1;
	for (bool on = true; ret == 0 && on;) {
		enum campaign_move move;

		ret = decide(&c, &f, *trouble.text ? trouble.text : NULL, &move, err);
		if (ret < 0)
			break;
		on = move == CAMPAIGN_MEASURE || move == CAMPAIGN_GIVE_UP;
		ret = move == CAMPAIGN_MEASURE	 ? measure(&c, &trouble, err)
		      : move == CAMPAIGN_GIVE_UP ? give_up(&c, err)
		      : move == CAMPAIGN_JUMP	 ? jump(&c, f.mark, err)
		      : move == CAMPAIGN_HOME	 ? go_home(err)
						 : finish(&c, err);
	}
	found_release(&f);
	campaign_release(&c);
	return ret;
}

/* --- looking on, and stopping --- */

int campaign_status(struct err *err)
{
	struct campaign c;
	struct open_run o;

	if (!fs_exists(CAMPAIGN_STATE)) {
		puts("no campaign is under way on this machine");
		if (packages_are_left())
			puts("kernels that one has installed are still to be removed: 'mlocklab "
			     "campaign stop' does it, and so does the next start of the machine");
		return 0;
	}
	if (campaign_load(&c, CAMPAIGN_STATE, err) < 0 || open_run(&o, c.run, err) < 0)
		return -1;
	printf("run '%s'\n", c.run);
	tell_over(&o, c.run);
	if (c.trying)
		printf("boot %d of %s (%s), attempt %d, %s\n", c.trying, c.arm, c.release,
		       c.attempt, c.measuring ? "is measured" : "is to come up");
	tell_losses(c.run);
	close_run(&o);
	campaign_release(&c);
	return 0;
}

int campaign_stop(struct err *err)
{
	struct campaign c = {0};
	struct open_run o;
	struct found f;
	struct err why;
	bool known = fs_exists(CAMPAIGN_STATE) && campaign_load(&c, CAMPAIGN_STATE, &why) == 0;
	int ret;

	if (geteuid() != 0)
		return err_set(err, "a campaign is root's: only root may stop it");
	ret = campaign_remove(err);
	if (known && open_run(&o, c.run, &why) == 0) {
		bool whole = count_over(&o) == o.r.plan.n;

		printf("run '%s'\n", c.run);
		tell_over(&o, c.run);
		if (store_status(&o.store, whole ? "complete" : "incomplete", &why) < 0)
			printf("%s\n", why.text);
		close_run(&o);
	} else if (!known) {
		puts("no campaign was under way");
	}
	campaign_release(&c);
	if (ret < 0 || look(&f, err) < 0)
		return -1;
	if (f.mark) {
		puts("starting the kernel that the boot loader starts of itself");
		ret = systemd_reboot(err);
	}
	found_release(&f);
	return ret;
}
