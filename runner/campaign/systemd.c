#include "runner/campaign/systemd.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/spawn.h"
#include "runner/campaign/state.h"

#define UNITS "/etc/systemd/system/"
#define SECONDS_OF_WATCHDOG 60

static const char step[] = UNITS "mlocklab-campaign.service";
static const char measure[] = UNITS "mlocklab-campaign-measure.service";
static const char limit[] = UNITS "mlocklab-campaign-limit.timer";
static const char limit_end[] = UNITS "mlocklab-campaign-limit.service";
static const char watchdog_conf[] = "/etc/systemd/system.conf.d/mlocklab-campaign.conf";
static const char watchdog_load[] = "/etc/modules-load.d/mlocklab-campaign.conf";

/* Links that a target wants a unit by. */
static const struct {
	const char *link, *to;
} links[] = {
	{UNITS "multi-user.target.wants/mlocklab-campaign.service", step},
	{UNITS "multi-user.target.wants/mlocklab-campaign-measure.service", measure},
	{UNITS "sysinit.target.wants/mlocklab-campaign-limit.timer", limit},
};

static void service(const struct systemd_units *u, bool arm, struct str *out)
{
	str_addf(out,
		 "[Unit]\n"
		 "Description=mlocklab campaign: %s\n"
		 "After=multi-user.target\n"
		 "ConditionKernelCommandLine=%s" CAMPAIGN_MARK "\n%s"
		 "\n[Service]\n"
		 "Type=oneshot\n%s"
		 "WorkingDirectory=%s\n"
		 "Environment=\"HOME=%s\"\n",
		 arm ? "one boot of the plan" : "what is next", arm ? "" : "!",
		 /* an arm's kernel on which this fails is of no use; the fallback stays up whatever
		    happens, and tries again: a full disk may have room then */
		 arm ? "FailureAction=reboot-force\n" : "StartLimitIntervalSec=0\n",
		 arm ? "" : "Restart=on-failure\nRestartSec=30\n", u->dir, u->home);
	if (u->cache)
		str_addf(out, "Environment=\"MLOCKLAB_CACHE=%s\"\n", u->cache);
	str_addf(out,
		 "ExecStart=\"%s\" step\n"
		 "TimeoutStartSec=%dmin\n"
		 "TimeoutStopSec=30\n"
		 "StandardOutput=journal+console\n"
		 "StandardError=journal+console\n",
		 u->program, u->limit);
}

bool systemd_file(const struct systemd_units *u, size_t i, const char **path, struct str *text)
{
	switch (i) {
	case 0:
		*path = step;
		service(u, false, text);
		return true;
	case 1:
		*path = measure;
		service(u, true, text);
		return true;
	case 2:
		/* also where the machine stops in its emergency mode, without the services above */
		*path = limit;
		str_addf(text,
			 "[Unit]\n"
			 "Description=mlocklab campaign: the longest that an arm's boot may last\n"
			 "DefaultDependencies=no\n"
			 "IgnoreOnIsolate=yes\n"
			 "ConditionKernelCommandLine=" CAMPAIGN_MARK "\n"
			 "\n[Timer]\n"
			 "OnBootSec=%dmin\n",
			 u->limit + 5);
		return true;
	case 3:
		*path = limit_end;
		str_add(text, "[Unit]\n"
			      "Description=mlocklab campaign: the boot of an arm lasts too long\n"
			      "DefaultDependencies=no\n"
			      "SuccessAction=reboot-force\n"
			      "FailureAction=reboot-force\n"
			      "\n[Service]\n"
			      "Type=oneshot\n"
			      "ExecStart=/bin/true\n");
		return true;
	case 4:
		*path = watchdog_conf;
		if (u->watchdog)
			str_addf(text, "[Manager]\nRuntimeWatchdogSec=%d\nRebootWatchdogSec=5min\n",
				 SECONDS_OF_WATCHDOG);
		return true;
	case 5:
		*path = watchdog_load;
		if (u->watchdog && *u->watchdog)
			str_addf(text, "%s\n", u->watchdog);
		return true;
	default:
		return false;
	}
}

/* The name of what matches but softdog, which hangs with the kernel that it watches; or NULL. */
static char *last_part(const char *pattern)
{
	glob_t g = {0};
	char *name = NULL;

	if (glob(pattern, 0, NULL, &g) == 0)
		for (size_t i = 0; i < g.gl_pathc && !name; i++) {
			char *to = realpath(g.gl_pathv[i], NULL);

			if (to && strcmp(strrchr(to, '/') + 1, "softdog") != 0)
				name = xstrdup(strrchr(to, '/') + 1);
			free(to);
		}
	globfree(&g);
	return name;
}

static bool is_hardware(const char *identity)
{
	struct str text = STR_INIT;
	struct err ignored;
	bool is = fs_read(identity, &text, &ignored) == 0 &&
		  !strstr(str_text(&text), "Software Watchdog");

	str_release(&text);
	return is;
}

char *systemd_watchdog(void)
{
	glob_t g = {0};
	bool there = false;
	char *module;

	if (glob("/sys/class/watchdog/watchdog*/identity", 0, NULL, &g) == 0)
		for (size_t i = 0; i < g.gl_pathc; i++)
			there |= is_hardware(g.gl_pathv[i]);
	globfree(&g);
	if (!there)
		return NULL;
	/* some drivers do not tell which device theirs is: but they use the watchdogs' own module
	 */
	module = last_part("/sys/class/watchdog/watchdog*/device/driver/module");
	if (!module)
		module = last_part("/sys/module/watchdog/holders/*");
	return module ? module : xstrdup("");
}

static char *parent_of(const char *path)
{
	return xstrndup(path, (size_t)(strrchr(path, '/') - path));
}

static int put(const char *path, const struct str *text, struct err *err)
{
	char *parent = parent_of(path);
	int ret = fs_mkdirs(parent, err);

	if (ret == 0)
		ret = fs_write_atomic(path, text->buf, text->len, err);
	free(parent);
	return ret;
}

static int link_units(struct err *err)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < sizeof(links) / sizeof(*links); i++) {
		char *parent = parent_of(links[i].link);

		ret = fs_mkdirs(parent, err);
		if (ret == 0 && symlink(links[i].to, links[i].link) < 0 && errno != EEXIST)
			ret = err_sys(err, "cannot make '%s'", links[i].link);
		free(parent);
	}
	return ret;
}

static int systemctl(const char *verb, const char *option, struct err *err)
{
	char *argv[] = {"systemctl", (char *)verb, (char *)option, NULL};

	return spawn_run(argv, err);
}

int systemd_install(const struct systemd_units *u, struct err *err)
{
	const char *path;
	int ret = 0;

	for (size_t i = 0; ret == 0; i++) {
		struct str text = STR_INIT;

		if (!systemd_file(u, i, &path, &text))
			break;
		if (text.len)
			ret = put(path, &text, err);
		str_release(&text);
	}
	return ret == 0 ? link_units(err) : ret;
}

static int remove_file(const char *path, struct err *err)
{
	char *parent = parent_of(path);

	if (unlink(path) < 0 && errno != ENOENT) {
		free(parent);
		return err_sys(err, "cannot remove '%s'", path);
	}
	/* the directories that were made for it, where nothing else is in them */
	if (strstr(parent, ".wants") || strstr(parent, ".conf.d"))
		rmdir(parent);
	free(parent);
	return 0;
}

int systemd_remove(struct err *err)
{
	const struct systemd_units none = {.program = "", .dir = "", .home = ""};
	const char *path;
	int ret = 0;

	for (size_t i = 0; i < sizeof(links) / sizeof(*links); i++)
		if (remove_file(links[i].link, err) < 0)
			ret = -1;
	for (size_t i = 0;; i++) {
		struct str text = STR_INIT;
		bool more = systemd_file(&none, i, &path, &text);

		str_release(&text);
		if (!more)
			break;
		if (remove_file(path, err) < 0)
			ret = -1;
	}
	/* so that a step that is under way is not taken for a failure, and no watchdog is left
	 * armed */
	if (ret == 0)
		ret = systemctl("daemon-reload", NULL, err);
	return ret;
}

int systemd_quiet(struct err *err)
{
	char *list[] = {"systemctl", "list-units",  "--type=timer", "--state=active",
			"--plain",   "--no-legend", "--full",	    NULL};
	struct strv argv = STRV_INIT, lines = STRV_INIT;
	struct str out = STR_INIT;
	int ret = spawn_capture(list, &out, err);

	strv_push(&argv, "systemctl");
	strv_push(&argv, "stop");
	strv_split(&lines, str_text(&out), "\n");
	for (size_t i = 0; i < lines.n; i++) {
		lines.v[i][strcspn(lines.v[i], " ")] = '\0';
		if (*lines.v[i] && strncmp(lines.v[i], "mlocklab-", 9) != 0)
			strv_push(&argv, lines.v[i]);
	}
	if (ret == 0 && argv.n > 2)
		ret = spawn_run(argv.v, err);
	strv_release(&argv);
	strv_release(&lines);
	str_release(&out);
	return ret;
}

int systemd_reboot(struct err *err)
{
	return systemctl("--no-block", "reboot", err);
}
