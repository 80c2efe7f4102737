#include "runner/plan/settings.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "lib/suggest.h"

#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

struct key {
	const char *name;
	enum { TEXT, NAME, LAYOUTS, ON, COUNT, BOOTS, SEED, REAL, PAGES } kind;
	size_t offset;
	long long min, max;
};

static const struct key keys[] = {
	{"name", NAME, offsetof(struct experiment, name), 0, 0},
	{"target", TEXT, offsetof(struct experiment, target), 0, 0},
	{"cmdline", TEXT, offsetof(struct experiment, cmdline), 0, 0},
	{"pairs", COUNT, offsetof(struct experiment, pairs), 1, 10000},
	{"iterations", COUNT, offsetof(struct experiment, iterations), 1, 1000000},
	{"warmup", COUNT, offsetof(struct experiment, warmup), 0, 1000},
	{"seed", SEED, offsetof(struct experiment, seed), 0, 0},
	{"cpus", COUNT, offsetof(struct experiment, cpus), 1, 255},
	{"nodes", COUNT, offsetof(struct experiment, nodes), 1, 8},
	{"memory", COUNT, offsetof(struct experiment, memory_mib), 256, 1 << 20},
	{"on", ON, offsetof(struct experiment, on), 0, 0},
	{"host_cpus", TEXT, offsetof(struct experiment, host_cpus), 0, 0},
	{"host_nodes", TEXT, offsetof(struct experiment, host_nodes), 0, 0},
	{"hugepages", PAGES, offsetof(struct experiment, hugepages), 0, 0},
	{"settle", COUNT, offsetof(struct experiment, settle), 0, 3600},
	{"timeout", COUNT, offsetof(struct experiment, timeout), 1, 86400},
	{"watchdog", COUNT, offsetof(struct experiment, watchdog), 5, 86400},
	{"profile", BOOTS, offsetof(struct experiment, profile), 0, 100},
	{"locks", TEXT, offsetof(struct experiment, locks), 0, 0},
	{"lock_boots", COUNT, offsetof(struct experiment, lock_boots), 1, 100},
	{"margin", REAL, offsetof(struct experiment, margin), 0, 0},
	{"stop_early", COUNT, offsetof(struct experiment, stop_early), 0, 1},
	{"layouts", LAYOUTS, offsetof(struct experiment, layouts), 0, 0},
};
#define KEYS (sizeof(keys) / sizeof(*keys))

static int set_text(char **at, const char *value)
{
	free(*at);
	*at = xstrdup(value);
	return 0;
}

static int set(struct experiment *e, const struct key *k, const char *value, struct err *err)
{
	void *at = (char *)e + k->offset;
	char *end;
	long long n;

	errno = 0;
	switch (k->kind) {
	case TEXT:
		return set_text(at, value);
	case NAME: /* it becomes part of a path */
		if (!isalnum((unsigned char)*value) || value[strspn(value, NAME_CHARACTERS)])
			return err_set(err,
				       "%s=%s: of letters, digits, '.', '-' and '_', the first a "
				       "letter or digit",
				       k->name, value);
		return set_text(at, value);
	case LAYOUTS:
		if (strcmp(value, "paired") != 0 && strcmp(value, "independent") != 0)
			return err_set(err, "%s=%s: paired or independent", k->name, value);
		return set_text(at, value);
	case ON:
		if (strcmp(value, "here") != 0 && strcmp(value, "slurm") != 0)
			return err_set(err, "%s=%s: here or slurm", k->name, value);
		return set_text(at, value);
	case PAGES: /* what x86 has */
		if (*value && strcmp(value, "2M") != 0 && strcmp(value, "1G") != 0)
			return err_set(err, "%s=%s: 2M or 1G", k->name, value);
		return set_text(at, value);
	case SEED:
		*(uint64_t *)at = strtoull(value, &end, 0);
		if (end == value || *end || errno)
			return err_set(err, "seed=%s: not a number", value);
		return 0;
	case REAL:
		*(double *)at = strtod(value, &end);
		if (end == value || *end || !(*(double *)at >= 0 && *(double *)at < 1))
			return err_set(err, "%s=%s: not a share from 0 to 1", k->name, value);
		return 0;
	case BOOTS: /* "yes" is one: under icount another says the same */
		if (strcmp(value, "yes") == 0 || strcmp(value, "no") == 0)
			value = *value == 'y' ? "1" : "0";
		/* fall through */
	default:
		n = strtoll(value, &end, 10);
		if (end == value || *end || errno || n < k->min || n > k->max)
			return err_set(err, "%s=%s: out of range, %lld..%lld", k->name, value,
				       k->min, k->max);
		*(int *)at = (int)n;
		return 0;
	}
}

int experiment_set(struct experiment *e, const char *key, const char *value, struct err *err)
{
	const char *names[KEYS];
	struct str all = STR_INIT;

	for (size_t k = 0; k < KEYS; k++)
		if (strcmp(keys[k].name, key) == 0)
			return set(e, &keys[k], value, err);
	for (size_t k = 0; k < KEYS; k++)
		str_addf(&all, "%s%s", k ? ", " : "", names[k] = keys[k].name);
	err_set(err, "unknown key '%s' in [global]: one of %s", key, all.buf);
	str_release(&all);
	return err_suggest(err, key, names, KEYS);
}

static json_t *value_json(const struct key *k, const void *at)
{
	switch (k->kind) {
	case TEXT:
	case NAME:
	case LAYOUTS:
	case ON:
	case PAGES:
		return json_string(*(char *const *)at);
	case SEED:
		return json_integer((json_int_t) * (const uint64_t *)at);
	case REAL:
		return json_real(*(const double *)at);
	default:
		return json_integer(*(const int *)at);
	}
}

json_t *settings_json(const struct experiment *e)
{
	json_t *o = json_object();

	for (size_t k = 0; k < KEYS; k++)
		json_object_set_new(o, keys[k].name,
				    value_json(&keys[k], (const char *)e + keys[k].offset));
	return o;
}

int settings_from_json(struct experiment *e, const json_t *settings, struct err *err)
{
	for (size_t k = 0; k < KEYS; k++) {
		const json_t *v = json_object_get(settings, keys[k].name);
		char *text = json_is_string(v) ? xstrdup(json_string_value(v))
			     : json_is_integer(v)
				     ? xasprintf("%lld", (long long)json_integer_value(v))
				     : xasprintf("%.17g", json_number_value(v));
		/*
		 * 0 in cpus, nodes, memory stands for the target's own default, which no file
		 * writes; and a run of an older tool lacks the newer keys.
		 */
		int unset =
			!v || (json_is_integer(v) && json_integer_value(v) == 0 && keys[k].min > 0);
		int ret = unset ? 0 : set(e, &keys[k], text, err);

		free(text);
		if (ret < 0)
			return -1;
	}
	return 0;
}
