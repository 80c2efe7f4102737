#include "runner/plan/sweep.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MAX_VALUES 1000
/* the product of two is still a number */
#define NUMBER_MAX (1ll << 31)

/* Numbers only: "64" and "8M" alike give value and suffix. */
static int split_number(const char *text, long long *value, const char **suffix)
{
	char *end;

	errno = 0;
	*value = strtoll(text, &end, 10);
	*suffix = end;
	if (errno || *value > NUMBER_MAX || *value < -NUMBER_MAX)
		return -1;
	return end != text && strlen(end) <= 1 ? 0 : -1;
}

/* The values between the last one in out and `to`, and `to` itself. */
static int fill_dots(struct strv *out, const char *to, struct err *err)
{
	long long v[3] = {0}, end;
	const char *suffix, *s;
	size_t known = out->n < 3 ? out->n : 3;
	int geometric;

	if (known < 2 || split_number(to, &end, &suffix) < 0)
		return err_set(
			err, "'...' needs two numbers before it and one after it, none above %lld",
			NUMBER_MAX);
	for (size_t i = 0; i < known; i++)
		if (split_number(out->v[out->n - known + i], &v[i], &s) < 0 ||
		    strcmp(s, suffix) != 0)
			return err_set(err, "'%s' and '%s' are not counted in the same unit",
				       out->v[out->n - known + i], to);
	geometric = known == 3 && v[0] > 0 && v[1] > v[0] && v[1] * v[1] == v[0] * v[2];
	if (v[known - 1] <= v[known - 2] || end < v[known - 1])
		return err_set(err, "the values before '...' must grow towards '%s'", to);
	for (long long x = v[known - 1]; x != end;) {
		x = geometric ? x * v[1] / v[0] : x + v[known - 1] - v[known - 2];
		if (x > end || out->n >= MAX_VALUES)
			return err_set(err, "the values before '...' never meet '%s'", to);
		strv_pushf(out, "%lld%s", x, suffix);
	}
	return 0;
}

int sweep_expand(const char *list, struct strv *out, struct err *err)
{
	struct strv words = STRV_INIT;
	int ret = 0;

	strv_split(&words, list, ", \t");
	if (!words.n)
		ret = err_set(err, "no value");
	for (size_t i = 0; ret == 0 && i < words.n; i++) {
		if (strcmp(words.v[i], "...") != 0)
			strv_push(out, words.v[i]);
		else if (i + 1 < words.n)
			ret = fill_dots(out, words.v[++i], err);
		else
			ret = err_set(err, "nothing after '...'");
	}
	strv_release(&words);
	return ret;
}
