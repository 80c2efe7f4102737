#include "runner/run/provenance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "lib/str.h"
#include "lib/machine.h"
#include "lib/text.h"
#include "runner/run/machine.h"

/*
 * Options that change what memory management costs or how it locks; a name that ends in '*' stands
 * for all that begin so. What a distribution changes between two kernels must not be taken for what
 * the kernel changed.
 */
static const char *const bearing[] = {
	"CONFIG_PREEMPT*",
	"CONFIG_HZ",
	"CONFIG_NO_HZ*",
	"CONFIG_NR_CPUS",
	"CONFIG_MAXSMP",
	"CONFIG_NUMA*",
	"CONFIG_MEMCG*",
	"CONFIG_CGROUPS",
	"CONFIG_LRU_GEN*",
	"CONFIG_COMPACTION",
	"CONFIG_MIGRATION",
	"CONFIG_KSM",
	"CONFIG_TRANSPARENT_HUGEPAGE*",
	"CONFIG_HUGETLB*",
	"CONFIG_PER_VMA_LOCK",
	"CONFIG_SWAP",
	"CONFIG_ZSWAP",
	"CONFIG_DEBUG_VM*",
	"CONFIG_DEBUG_LIST",
	"CONFIG_LOCKDEP",
	"CONFIG_LOCK_STAT",
	"CONFIG_PROVE_LOCKING",
	"CONFIG_KASAN",
	"CONFIG_KFENCE*",
	"CONFIG_PAGE_TABLE_CHECK*",
	"CONFIG_PAGE_POISONING",
	"CONFIG_PAGE_EXTENSION",
	"CONFIG_INIT_ON_*",
	"CONFIG_SLUB*",
	"CONFIG_SLAB*",
	"CONFIG_SHUFFLE_PAGE_ALLOCATOR",
	"CONFIG_HARDENED_USERCOPY*",
	"CONFIG_FORTIFY_SOURCE",
	"CONFIG_PAGE_TABLE_ISOLATION",
	"CONFIG_RETPOLINE",
	"CONFIG_MITIGATION_*",
	"CONFIG_CPU_MITIGATIONS",
	"CONFIG_SPECULATION_MITIGATIONS",
	"CONFIG_CALL_DEPTH_TRACKING",
	"CONFIG_STACKPROTECTOR*",
	"CONFIG_LIST_HARDENED",
	"CONFIG_RWSEM_SPIN_ON_OWNER",
	"CONFIG_PARAVIRT*",
	"CONFIG_FUNCTION_TRACER",
	"CONFIG_BPF*",
	"CONFIG_CC_OPTIMIZE_FOR_*",
	"CONFIG_CC_VERSION_TEXT",
	"CONFIG_VMAP_STACK",
	"CONFIG_RANDOMIZE_*",
	"CONFIG_USERFAULTFD",
	"CONFIG_MEM_SOFT_DIRTY",
	"CONFIG_MMU_NOTIFIER",
	"CONFIG_X86_5LEVEL",
	"CONFIG_ANON_VMA_NAME",
	"CONFIG_VM_EVENT_COUNTERS",
	"CONFIG_AUDIT*",
};

static int bears(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(bearing) / sizeof(*bearing); i++) {
		size_t n = strlen(bearing[i]);

		if (bearing[i][n - 1] == '*' ? len >= n - 1 && !strncmp(name, bearing[i], n - 1)
					     : len == n && !strncmp(name, bearing[i], n))
			return 1;
	}
	return 0;
}

json_t *provenance_config(const char *path)
{
	json_t *o = json_object();
	FILE *f = path ? fopen(path, "re") : NULL;
	char *line = NULL;
	size_t cap = 0;

	while (f && getline(&line, &cap, f) > 0) {
		char name[128], *value;

		line[strcspn(line, "\n")] = '\0';
		value = strchr(line, '=');
		if (!strncmp(line, "CONFIG_", 7) && value && bears(line, (size_t)(value - line))) {
			*value++ = '\0';
			json_object_set_new(o, line, json_string(value));
		} else if (sscanf(line, "# %127s is not set", name) == 1 &&
			   bears(name, strlen(name))) {
			json_object_set_new(o, name, json_string("n"));
		}
	}
	free(line);
	if (f)
		fclose(f);
	return o;
}

json_t *provenance_host(void)
{
	char *cpu = machine_cpu(), *id = machine_id();
	struct utsname u;
	json_t *o;

	uname(&u);
	o = json_pack("{s:s, s:I, s:i, s:i, s:s, s:s, s:s}", "cpu", cpu, "cpus",
		      (json_int_t)sysconf(_SC_NPROCESSORS_ONLN), "nodes", machine_nodes(),
		      "memory_mib", machine_memory_mib(), "kernel", u.release, "version", u.version,
		      "machine", u.machine);
	if (id)
		json_object_set_new(o, "id", json_string(id));
	free(id);
	free(cpu);
	return o;
}

static json_t *place_json(const struct place *p)
{
	json_t *o = json_object(), *cpus = json_array(), *nodes = json_array();

	for (int i = 0; i < p->cpus; i++)
		json_array_append_new(cpus, json_integer(p->cpu[i]));
	for (int i = 0; i < p->nodes; i++)
		json_array_append_new(nodes, json_integer(p->node[i]));
	json_object_set_new(o, "cpus", cpus);
	json_object_set_new(o, "nodes", nodes);
	if (p->note)
		json_object_set_new(o, "note", json_string(p->note));
	return o;
}

json_t *provenance_target(const struct target *t, const char *command)
{
	json_t *o = json_pack("{s:s, s:i, s:i, s:i, s:s}", "kind", target_kind_name(t->kind),
			      "cpus", t->cpus, "nodes", t->nodes, "memory_mib", t->memory_mib,
			      "command", command);

	if (t->kind == TARGET_ICOUNT)
		json_object_set_new(o, "ns_per_insn", json_integer(1 << t->icount_shift));
	if (t->qemu.n)
		json_object_set_new(o, "qemu",
				    json_pack("{s:s, s:s, s:s}", "path", t->qemu.v[0], "version",
					      t->qemu_version, "sha256", t->qemu_sha256));
	if (t->place.cpus || t->place.note)
		json_object_set_new(o, "place", place_json(&t->place));
	return o;
}

static void set_known(json_t *o, const char *key, const char *text)
{
	if (text)
		json_object_set_new(o, key, json_string(text));
}

json_t *provenance_arm(const struct arm *a, const struct kernel *k)
{
	json_t *o = json_pack("{s:s, s:s, s:s, s:s}", "name", a->name, "spec", k->spec, "cmdline",
			      a->cmdline, "sha256", k->sha256);

	if (a->inject > 0)
		json_object_set_new(o, "inject", json_real(a->inject));
	set_known(o, "release", k->release);
	set_known(o, "uts_version", k->uts_version);
	set_known(o, "build_id", k->build_id);
	set_known(o, "package", k->package);
	set_known(o, "version", k->version);
	if (k->git)
		json_object_set(o, "git", k->git);
	json_object_set_new(o, "config", provenance_config(k->config));
	return o;
}
