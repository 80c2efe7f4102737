/*
 * What copying counts, apart from everything else. A kernel does it with `rep movs`, an instruction
 * each 8 bytes to the emulator's clock, or by a loop of twelve for 32 bytes: a page that migrates
 * is 516 instructions up to 6.1 and 1554 from 6.12 on, where a machine takes as long for either. No
 * model of CPU makes them count alike: without rep_good it is 1351 and 1554, and clearing a page,
 * which is 516 to 525 on all kernels, becomes 710 on old ones only. So copying is taken out.
 */
#ifndef ANALYSIS_CAUSE_COPYING_H
#define ANALYSIS_CAUSE_COPYING_H

#include "analysis/load/load.h"

#define COPYING_FAMILY "copying" /* of configs/kernel/families.ini */

/* What was taken out: instructions an operation, each[i * arms + arm] of the cell cells.v[i]. */
struct copied {
	struct strv cells;
	double *each;
	size_t arms;
};

/*
 * Takes that family of functions (families: the path of families.ini) out of the primary figures of
 * an icount run, as far as its profiled boots tell and the figure is all of the region by its
 * operations, and says so in run->notes. What was not profiled on every arm stays as it is. taken,
 * zeroed: how much it was, for copied_release(). -1: err.
 */
int copying_take_out(struct run *run, struct copied *taken, const char *families, struct err *err);
/* Takes the same out of what another run measured of those cells on kernels of the same images. */
void copying_take_same(struct run *other, const struct run *run, const struct copied *taken);
void copied_release(struct copied *c);

#endif
