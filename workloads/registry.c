#include "workloads/registry.h"

#include <string.h>
#include "lib/suggest.h"

#define WORKLOAD(x) extern const struct workload x;
#include "workloads/list.h"
#undef WORKLOAD

const struct workload *const workloads[] = {
#define WORKLOAD(x) &(x),
#include "workloads/list.h"
#undef WORKLOAD
	NULL,
};

const struct workload *workload_find(const char *name, struct err *err)
{
	const char *names[sizeof(workloads) / sizeof(*workloads)];
	size_t n;

	for (n = 0; workloads[n]; n++) {
		names[n] = workloads[n]->name;
		if (strcmp(names[n], name) == 0)
			return workloads[n];
	}
	if (suggest(name, names, n)) {
		err_set(err, "%.40s: no such workload", name);
		err_suggest(err, name, names, n);
	} else {
		err_set(err, "%.40s: no such workload, `mlockbench list` names them", name);
	}
	return NULL;
}
