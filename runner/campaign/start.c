/* The beginning of a campaign: everything that can be refused, and what a machine is given for it.
 */
#include "runner/campaign/campaign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/paths.h"
#include "lib/verb.h"
#include "runner/boot/recorder.h"
#include "runner/campaign/bootable.h"
#include "runner/campaign/check.h"
#include "runner/campaign/grub.h"
#include "runner/campaign/packages.h"
#include "runner/campaign/state.h"
#include "runner/campaign/systemd.h"
#include "runner/run/prepare.h"

/* What this machine was booted with, less what names the kernel or is ours, and what a campaign
 * adds. */
static char *base_cmdline(struct err *err)
{
	static const char *const not_ours[] = {"BOOT_IMAGE=", "initrd=", "panic=", "oops="};
	struct strv words = STRV_INIT;
	struct str has = STR_INIT, out = STR_INIT;

	if (fs_read("/proc/cmdline", &has, err) < 0)
		return NULL;
	strv_split(&words, str_text(&has), " \t\n");
	for (size_t i = 0; i < words.n; i++) {
		bool left_out = false;

		for (size_t k = 0; k < sizeof(not_ours) / sizeof(*not_ours); k++)
			left_out |= strncmp(words.v[i], not_ours[k], strlen(not_ours[k])) == 0;
		if (!left_out)
			str_addf(&out, "%s ", words.v[i]);
	}
	/* whatever goes wrong ends in a reset, and so in the boot loader's default */
	str_add(&out, "panic=10 oops=panic");
	strv_release(&words);
	str_release(&has);
	return out.buf;
}

static int write_entries(const struct run *r, char *const *initrds, const char *pin,
			 struct err *err)
{
	struct grub_entry *v = xcalloc(r->e->narms, sizeof(*v));
	char *base = base_cmdline(err);
	int ret = base ? 0 : -1;

	for (size_t i = 0; i < r->e->narms && ret == 0; i++) {
		char *own = run_cmdline(r->e, (int)i);

		v[i] = (struct grub_entry){r->e->arms[i].name, r->kernels[i].image, initrds[i],
					   xasprintf("%s %s", base, own)};
		free(own);
	}
	if (ret == 0)
		ret = grub_entries(v, r->e->narms, pin, err);
	for (size_t i = 0; i < r->e->narms; i++)
		free((char *)v[i].cmdline);
	free(base);
	free(v);
	return ret;
}

static int write_units(const struct campaign_wish *w, const char *watchdog, struct err *err)
{
	char *program = verb_path("campaign"), *real = realpath(program, NULL),
	     *dir = getcwd(NULL, 0);
	const char *home = getenv("HOME");
	struct systemd_units u = {.program = real ? real : program,
				  .dir = dir ? dir : "/",
				  .home = home ? home : "/root",
				  .cache = getenv("MLOCKLAB_CACHE"),
				  .limit = w->limit,
				  .watchdog = watchdog};
	int ret = systemd_install(&u, err);

	free(dir);
	free(real);
	free(program);
	return ret;
}

static int check_arms(const struct experiment *e, struct err *err)
{
	if (e->narms < 2)
		return err_set(err, "a campaign compares kernels: name another with --kernel");
	if (e->stop_early)
		return err_set(err,
			       "stop_early looks at a run while it is made: not in a campaign");
	return 0;
}

/* What a start has come to, and has to let go of. */
struct start {
	struct packages packages;
	char *watchdog; /* see systemd_watchdog(); NULL: none */
	char *pin;	/* the entry of grub.cfg that stays the default while kernels come and go */
	char **initrds; /* one an arm */
};

/* All that can be refused of the machine and the plan, before anything of the machine is changed.
 */
static int prepare(struct run *r, const struct campaign_wish *w, struct start *s, struct err *err)
{
	struct utsname u;

	r->bench = paths_program("mlockbench");
	r->init = paths_program("guest-init");
	if (check_machine(err) < 0 || run_plan(r, w->run, err) < 0 || check_arms(r->e, err) < 0 ||
	    experiment_set(r->e, "target", "host", err) < 0)
		return -1;
	s->watchdog = w->no_watchdog ? NULL : systemd_watchdog();
	if (packages_find(&s->packages, r->e, w->run, s->watchdog, err) < 0)
		return -1;
	if (!s->watchdog && !w->no_watchdog)
		return err_set(err, "no hardware watchdog in /sys/class/watchdog: a kernel that "
				    "hangs would hang "
				    "for ever; load its driver (iTCO_wdt, sp5100_tco, "
				    "ipmi_watchdog), or take that "
				    "risk with --no-watchdog");
	if (!s->packages.names.n)
		return 0;
	uname(&u);
	s->pin = grub_find(u.release, err);
	return s->pin ? 0 : -1;
}

/*
 * Kernels come to /boot, and what GRUB starts of itself stays what it is. What takes them away
 * again is there before them, for a machine that goes down meanwhile.
 */
static int install_kernels(const struct campaign_wish *w, const struct start *s, struct err *err)
{
	struct utsname u;
	char *still;
	int ret = 0;

	if (!s->packages.names.n)
		return 0;
	uname(&u);
	if (grub_entries(NULL, 0, s->pin, err) < 0 || write_units(w, s->watchdog, err) < 0 ||
	    packages_install(&s->packages, err) < 0)
		return -1;
	still = grub_find(u.release, err);
	if (!still || strcmp(still, s->pin) != 0)
		ret = still ? err_set(err,
				      "the entry of %s in grub.cfg was '%s' before kernels were "
				      "installed, and is '%s' now",
				      u.release, s->pin, still)
			    : -1;
	free(still);
	return ret;
}

/* All that can be refused of kernels that are in /boot. */
static int prepare_kernels(struct run *r, const struct campaign_wish *w, struct start *s,
			   struct err *err)
{
	if (run_prepare(r, w->run, err) < 0 || locks_plan(r->e, r->target, &r->plan, err) < 0)
		return -1;
	s->initrds = xcalloc(r->e->narms, sizeof(*s->initrds));
	for (size_t i = 0; i < r->e->narms; i++)
		if (bootable_check(&r->kernels[i], s->watchdog, &s->initrds[i], err) < 0)
			return -1;
	packages_tell(&s->packages, r->kernels);
	return 0;
}

static int make_run(struct run *r, const struct campaign_wish *w, const struct start *s,
		    struct err *err)
{
	json_t *json = run_make_json(r, w->argc, w->argv, err);
	char *results = paths_results();
	int ret = -1;

	if (json) {
		packages_add_json(&s->packages, json_object_get(json, "arms"));
		ret = store_create(r->store, results, r->e->name, w->run->out, json, err);
	}
	free(results);
	return ret;
}

static int install(struct run *r, const struct campaign_wish *w, const struct start *s,
		   struct err *err)
{
	struct campaign c = {.run = realpath(r->store->dir, NULL)};
	struct utsname u;
	int ret;

	uname(&u);
	c.fallback = xstrdup(u.release);
	ret = c.run ? fs_mkdirs(CAMPAIGN_DIR, err)
		    : err_sys(err, "cannot find '%s'", r->store->dir);
	if (ret == 0)
		ret = campaign_save(&c, CAMPAIGN_STATE, err);
	if (ret == 0)
		ret = write_entries(r, s->initrds, s->pin, err);
	if (ret == 0)
		ret = write_units(w, s->watchdog, err);
	campaign_release(&c);
	return ret;
}

int campaign_start(const struct campaign_wish *w, struct err *err)
{
	struct experiment e = {0};
	struct target target = {0};
	struct store store = {.lock_fd = -1};
	struct run r = {.e = &e, .target = &target, .store = &store};
	struct start s = {0};
	struct err why;
	int ret = prepare(&r, w, &s, err);

	if (ret == 0) {
		/* from here on there is something to remove where it fails */
		ret = install_kernels(w, &s, err);
		if (ret == 0)
			ret = prepare_kernels(&r, w, &s, err);
		if (ret == 0)
			ret = make_run(&r, w, &s, err);
		if (ret == 0)
			ret = install(&r, w, &s, err);
		if (ret == 0)
			printf("%zu boots of this machine, into %s; 'mlocklab campaign status' "
			       "tells how far it is, and 'mlocklab campaign stop' ends it\n",
			       r.plan.n, store.dir);
		store_close(&store);
		if (ret == 0)
			ret = campaign_step(err);
		if (ret < 0 && campaign_remove(&why) < 0)
			printf("not all could be removed, 'mlocklab campaign stop' tries again: "
			       "%s\n",
			       why.text);
	}
	packages_release(&s.packages);
	free(s.watchdog);
	free(s.pin);
	free(s.initrds);
	return ret;
}
