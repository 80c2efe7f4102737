/* Where a guest stands on machines that hwloc makes up. */
#include "tests/unit/check.h"

#include <hwloc.h>
#include "runner/qemu/place.h"

/* CPUs of which others hold those in `held`. */
static int take(void *held, int cpu)
{
	return !hwloc_bitmap_isset(held, (unsigned)cpu);
}

/* "CPUS on NODES[; note]" for a guest on a machine, or "error: ..." */
static char *stands(const char *machine, int cpus, int nodes, const char *host_cpus,
		    const char *host_nodes, const char *held)
{
	struct place_wish wish = {host_cpus, host_nodes};
	hwloc_bitmap_t busy = hwloc_bitmap_alloc();
	struct str s = STR_INIT;
	hwloc_topology_t t;
	struct place p;
	struct err err;
	char *list;

	hwloc_bitmap_list_sscanf(busy, held);
	assert_int_equal(hwloc_topology_init(&t), 0);
	assert_int_equal(hwloc_topology_set_synthetic(t, machine), 0);
	assert_int_equal(hwloc_topology_load(t), 0);
	if (place_choose(&p, cpus, nodes, &wish, t, take, busy, &err) < 0) {
		str_addf(&s, "error: %s", err.text);
	} else {
		list = p.cpus ? place_list(&p) : xstrdup("nowhere");
		str_addf(&s, "%s on", list);
		for (int n = 0; n < p.nodes; n++)
			str_addf(&s, " %d", p.node[n]);
		if (p.note)
			str_addf(&s, "; %s", p.note);
		free(list);
	}
	place_release(&p);
	hwloc_topology_destroy(t);
	hwloc_bitmap_free(busy);
	return s.buf;
}

static void is(char *got, const char *want)
{
	assert_string_equal(got, want);
	free(got);
}

/* Two sockets with a node of memory each, four cores of two threads in each. */
#define TWO "pack:2 [numa] core:4 pu:2"

static void test_two_sockets(void **state)
{
	(void)state;
	/* a thread of each core, CPU 0's core last, half of the CPUs on each node */
	is(stands(TWO, 4, 2, "", "", ""), "2,4,8,10 on 0 1");
	is(stands(TWO, 8, 2, "", "", ""), "2,4,6,0,8,10,12,14 on 0 1");
	is(stands(TWO, 3, 2, "", "", ""), "2,4,8 on 0 1");
	/* then the second threads */
	is(stands(TWO, 5, 1, "", "", ""), "2,4,6,0,3 on 0");
	is(stands(TWO, 4, 1, "", "1", ""), "8,10,12,14 on 1");
	is(stands(TWO, 2, 2, "6,9", "", ""), "6,9 on 0 1");
	/* what another run holds is left to it */
	is(stands(TWO, 4, 2, "", "", "2,8"), "4,6,10,12 on 0 1");
}

static void test_short(void **state)
{
	(void)state;
	is(stands("pack:1 [numa] core:2 pu:1", 4, 1, "", "", ""),
	   "nowhere on; not pinned: the guest's node 0 takes 4 CPUs and the host's node 0 has 2 "
	   "free");
	is(stands("pack:1 [numa] core:4 pu:1", 4, 2, "", "", ""),
	   "1,2,3,0 on 0 0; 2 nodes of the guest share 1 of the host: none of its memory is far");
	is(stands(TWO, 4, 2, "", "", "0-5"), "6,7,8,10 on 0 1");
	is(stands(TWO, 4, 2, "2-5", "", ""),
	   "2,4,3,5 on 0 0; 2 nodes of the guest share 1 of the host: none of its memory is far");
}

static void test_wrong(void **state)
{
	(void)state;
	is(stands(TWO, 2, 1, "90", "", ""),
	   "error: host_cpus=90: not CPUs of this machine that may be used here, as in 2-5,8");
	is(stands(TWO, 2, 1, "", "x", ""),
	   "error: host_nodes=x: not NUMA nodes of this machine that may be used here, as in 0,1");
	is(stands(TWO, 4, 1, "2-3", "", ""),
	   "error: the guest's node 0 takes 4 CPUs and the host's node 0 has 2 free");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_sockets),
		cmocka_unit_test(test_short),
		cmocka_unit_test(test_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
