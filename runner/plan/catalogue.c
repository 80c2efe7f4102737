#include "runner/plan/catalogue.h"

#include <stdio.h>
#include <string.h>
#include "lib/json.h"
#include "lib/spawn.h"

/* Runs it and reads the one object it prints. Its own complaint is all of ours: it names the thing.
 */
static json_t *ask(struct strv *argv, struct err *err)
{
	struct str out = STR_INIT;
	struct err e;
	json_error_t je;
	json_t *o = NULL;
	const char *said;

	if (spawn_capture(argv->v, &out, &e) < 0) {
		said = strstr(e.text, "mlockbench: ");
		err_set(err, "%s", said ? said + strlen("mlockbench: ") : e.text);
	} else {
		o = json_loadb(str_text(&out), out.len, 0, &je);
		if (!json_is_object(o)) {
			err_set(err, "'%s' printed no JSON object", argv->v[0]);
			json_decref(o);
			o = NULL;
		}
	}
	str_release(&out);
	strv_release(argv);
	return o;
}

json_t *bench_cell(const char *bench, const struct strv *args, struct err *err)
{
	struct strv argv = STRV_INIT;
	json_t *o;

	strv_push(&argv, bench);
	strv_push(&argv, "cell");
	for (size_t i = 0; i < args->n; i++)
		strv_push(&argv, args->v[i]);
	o = ask(&argv, err);
	if (o && !*json_get_str(o, "id", "")) {
		json_decref(o);
		err_set(err, "'%s cell' gave no id", bench);
		return NULL;
	}
	return o;
}

json_t *bench_describe(const char *bench, const char *name, struct err *err)
{
	struct strv argv = STRV_INIT;
	json_t *o;

	strv_push(&argv, bench);
	strv_push(&argv, "describe");
	strv_push(&argv, name);
	strv_push(&argv, "--json");
	o = ask(&argv, err);
	if (o && !*json_get_str(o, "name", "")) {
		json_decref(o);
		err_set(err, "'%s describe' gave no name", bench);
		return NULL;
	}
	return o;
}
