#include "runner/campaign/state.h"

#include <stdlib.h>
#include <string.h>
#include "lib/fs.h"
#include "lib/json.h"

#define FORMAT 1

static void set(char **slot, const char *text)
{
	char *copy = xstrdup(text ? text : "");

	free(*slot);
	*slot = copy;
}

int campaign_load(struct campaign *c, const char *path, struct err *err)
{
	json_t *o = json_read(path, err);

	*c = (struct campaign){0};
	if (!o)
		return -1;
	set(&c->run, json_get_str(o, "run", ""));
	set(&c->fallback, json_get_str(o, "fallback", ""));
	set(&c->arm, json_get_str(o, "arm", ""));
	set(&c->release, json_get_str(o, "release", ""));
	set(&c->from, json_get_str(o, "from", ""));
	c->trying = (int)json_get_int(o, "trying", -1);
	c->attempt = (int)json_get_int(o, "attempt", -1);
	c->measuring = json_get_bool(o, "measuring", 0);
	c->parked = json_get_bool(o, "parked", 0);
	c->clock = json_get_int(o, "clock", 0);
	if (json_get_int(o, "format", 0) == FORMAT && *c->run == '/' && c->trying >= 0 &&
	    c->attempt >= 0) {
		json_decref(o);
		return 0;
	}
	json_decref(o);
	campaign_release(c);
	return err_set(err,
		       "'%s' is not the state of a campaign: 'mlocklab campaign stop' removes it",
		       path);
}

int campaign_save(const struct campaign *c, const char *path, struct err *err)
{
	json_t *o =
		json_pack("{s:i, s:s, s:s, s:i, s:i, s:s, s:s, s:s, s:b, s:b, s:I}", "format",
			  FORMAT, "run", c->run, "fallback", c->fallback, "trying", c->trying,
			  "attempt", c->attempt, "arm", c->arm ? c->arm : "", "release",
			  c->release ? c->release : "", "from", c->from ? c->from : "", "measuring",
			  c->measuring, "parked", c->parked, "clock", (json_int_t)c->clock);
	int ret = o ? json_write(path, o, err)
		    : err_set(err, "'%s' is not UTF-8: write it so", c->run);

	json_decref(o);
	return ret;
}

void campaign_release(struct campaign *c)
{
	free(c->run);
	free(c->fallback);
	free(c->arm);
	free(c->release);
	free(c->from);
	*c = (struct campaign){0};
}

char *campaign_word(const char *cmdline, const char *name)
{
	struct strv words = STRV_INIT;
	size_t len = strlen(name);
	char *value = NULL;

	strv_split(&words, cmdline, " \t\n");
	for (size_t i = words.n; i-- > 0 && !value;)
		if (strncmp(words.v[i], name, len) == 0 && words.v[i][len] == '=')
			value = xstrdup(words.v[i] + len + 1);
	strv_release(&words);
	return value;
}

/* Why what came up is not the attempt that was to come; nothing where it is. */
static void why_lost(const struct campaign *c, const struct campaign_seen *seen, struct str *lost)
{
	bool again = strcmp(c->from, seen->boot_id) == 0;
	char *want = xasprintf("%d.%d", c->trying, c->attempt);

	if (c->measuring && again)
		str_addf(lost, "measuring ended without a record%s%s", seen->trouble ? ": " : "",
			 seen->trouble ? seen->trouble : "");
	else if (c->measuring)
		str_addf(lost, "the machine went down while it was measured, and came back with %s",
			 seen->release);
	else if (!seen->mark)
		str_addf(lost, "%s did not come up: the machine came back with %s", c->release,
			 seen->release);
	else if (strcmp(seen->mark, want) != 0)
		str_addf(lost, "what came up is of attempt %s, not %s", seen->mark, want);
	else if (strcmp(seen->release, c->release) != 0)
		str_addf(lost, "what came up is %s, not %s", seen->release, c->release);
	free(want);
}

static enum campaign_move try(struct campaign *c, const struct campaign_boot *b, int attempt,
			      const struct campaign_seen *seen)
{
	c->trying = b->n;
	c->attempt = attempt;
	c->measuring = c->parked = false;
	set(&c->arm, b->arm);
	set(&c->release, b->release);
	set(&c->from, seen->boot_id);
	return CAMPAIGN_JUMP;
}

/* The boot that is tried is not over. */
static enum campaign_move go_on(struct campaign *c, const struct campaign_boot *b,
				const struct campaign_seen *seen, struct str *lost)
{
	if (!c->measuring && strcmp(c->from, seen->boot_id) == 0)
		return CAMPAIGN_JUMP; /* the machine was not started anew since */
	if (c->parked)
		return try(c, b, c->attempt, seen);
	why_lost(c, seen, lost);
	if (!lost->len) {
		c->measuring = true;
		set(&c->from, seen->boot_id);
		return CAMPAIGN_MEASURE;
	}
	if (c->attempt >= CAMPAIGN_ATTEMPTS)
		return CAMPAIGN_GIVE_UP;
	return try(c, b, c->attempt + 1, seen);
}

long long campaign_clock(struct campaign *c, long long now)
{
	long long back = c->clock - now;

	c->clock = now;
	return back > CAMPAIGN_CLOCK_SLACK ? back : 0;
}

enum campaign_move campaign_next(struct campaign *c, const struct campaign_boot *boots, size_t n,
				 const struct campaign_seen *seen, struct str *lost)
{
	for (size_t i = 0; i < n; i++)
		if (boots[i].n == c->trying && !boots[i].over)
			return go_on(c, &boots[i], seen, lost);
	for (size_t i = 0; i < n; i++)
		if (!boots[i].over)
			return try(c, &boots[i], 1, seen);
	c->trying = c->attempt = 0;
	c->measuring = false;
	set(&c->from, seen->boot_id);
	return seen->mark ? CAMPAIGN_HOME : CAMPAIGN_END;
}
