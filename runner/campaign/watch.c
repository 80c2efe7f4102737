#include "runner/campaign/watch.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "lib/json.h"
#include "lib/spawn.h"
#include "runner/campaign/state.h"

#define LOOK_SECONDS 60
#define MOST_RESETS 3

enum heard { HEARD_NOTHING, HEARD_STATE, HEARD_OVER };

/* What the machine says of its campaign; nobody needs to be root there for it. */
static enum heard listen_to(const char *host, struct str *state, struct err *err)
{
	char *argv[] = {"ssh",
			"-o",
			"BatchMode=yes",
			"-o",
			"ConnectTimeout=20",
			"-o",
			"ServerAliveInterval=10",
			"--",
			(char *)host,
			"test ! -e " CAMPAIGN_STATE " || cat " CAMPAIGN_STATE,
			NULL};

	if (spawn_capture(argv, state, err) < 0)
		return HEARD_NOTHING;
	return state->len ? HEARD_STATE : HEARD_OVER;
}

/* Says where it is, each time that this is somewhere else. */
static void tell(const char *host, const struct str *state, char **last)
{
	json_t *o = json_loads(str_text(state), 0, NULL);
	char *now = xasprintf("boot %lld of %s, attempt %lld, %s", json_get_int(o, "trying", 0),
			      json_get_str(o, "arm", "?"), json_get_int(o, "attempt", 0),
			      json_get_bool(o, "measuring", 0) ? "is measured" : "is to come up");

	if (o && (!*last || strcmp(*last, now) != 0)) {
		printf("%s: %s\n", host, now);
		fflush(stdout);
		free(*last);
		*last = xstrdup(now);
	}
	free(now);
	json_decref(o);
}

static int reset(const char *command, struct err *err)
{
	char *argv[] = {"sh", "-c", (char *)command, NULL};
	struct err why;

	return spawn_run(argv, &why) < 0
		       ? err_set(err, "the reset command '%s' failed: %s", command, why.text)
		       : 0;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void wait_a_while(int silent)
{
	const int most = silent < 4 * LOOK_SECONDS ? silent * 250 : LOOK_SECONDS * 1000;
	const struct timespec t = {most / 1000, most % 1000 * 1000000L};

	nanosleep(&t, NULL);
}

int watch(const struct watch *w, struct err *err)
{
	double heard = now();
	char *last = NULL;
	int resets = 0, ret = 0;
	bool ever = false;

	for (;;) {
		struct str state = STR_INIT;
		struct err why;
		enum heard what = listen_to(w->host, &state, &why);

		if (what == HEARD_STATE)
			tell(w->host, &state, &last);
		str_release(&state);
		if (what == HEARD_OVER) {
			printf("%s: no campaign is under way\n", w->host);
			break;
		}
		if (what == HEARD_STATE) {
			heard = now();
			resets = 0;
			ever = true;
		} else if (!ever) {
			/* the first look is of one who sits here: a wrong name is no silent machine
			 */
			ret = err_set(err, "'%s' cannot be watched: %s", w->host, why.text);
			break;
		} else if (now() - heard >= w->silent) {
			if (resets++ == MOST_RESETS) {
				ret = err_set(
					err, "'%s' was reset %d times and stays silent: look at it",
					w->host, MOST_RESETS);
				break;
			}
			printf("%s: silent for %d s: reset\n", w->host, w->silent);
			fflush(stdout);
			ret = reset(w->reset, err);
			if (ret < 0)
				break;
			heard = now();
		}
		wait_a_while(w->silent);
	}
	free(last);
	return ret;
}
