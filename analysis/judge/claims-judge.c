/* What follows from a figure. */
#include <math.h>
#include "analysis/judge/claims-parts.h"

static bool is_down(const struct result *r)
{
	return r->difference ? r->ratio < 0 : r->ratio < 1;
}

/* Certain, and by the margin at least. */
static bool is_change(const struct comparison *c, const struct result *r)
{
	double unit = fmax(fabs(r->old), fabs(r->new));

	return r->p_adjusted <= c->alpha &&
	       (r->difference ? fabs(r->ratio) >= c->margin * unit
			      : fabs(log(r->ratio)) >= log1p(c->margin));
}

/* new / old, of a difference too; NAN where the old kernel takes nothing. */
static double as_ratio(const struct result *r, double v)
{
	if (!r->difference)
		return v;
	return r->old > 0 ? 1 + v / r->old : NAN;
}

enum claim_verdict claims_judge_by(const struct comparison *c, const struct claim *claim,
				   const struct result *r, const struct result *judged)
{
	bool down = claim->expect == EXPECT_LOWER;
	double want = down ? 1 / (1 + claim->by) : 1 + claim->by;
	double ratio = as_ratio(r, r->ratio);

	if (is_change(c, judged) && (down ? ratio <= want : ratio >= want))
		return CLAIM_SUPPORTED;
	if (down ? as_ratio(r, r->low) > want : as_ratio(r, r->high) < want)
		return CLAIM_REFUTED;
	return CLAIM_INCONCLUSIVE;
}

enum claim_verdict claims_judge_change(const struct comparison *c, const struct result *r,
				       enum expect expect)
{
	double unit = r->difference ? c->margin * fmax(fabs(r->old), fabs(r->new)) : 0;
	bool inside = r->difference ? r->low90 >= -unit && r->high90 <= unit
				    : r->low90 >= 1 / (1 + c->margin) && r->high90 <= 1 + c->margin;

	if (is_change(c, r))
		return is_down(r) == (expect == EXPECT_LOWER) ? CLAIM_SUPPORTED : CLAIM_REFUTED;
	return inside || r->p_adjusted <= c->alpha ? CLAIM_NO_DIFFERENCE : CLAIM_INCONCLUSIVE;
}

enum claim_verdict claims_judge_same(const struct comparison *c, const struct claim *claim,
				     const struct result *r)
{
	double within = claim->within > 0 ? claim->within : c->margin;
	double unit = fmax(fabs(r->old), fabs(r->new));
	double high = r->difference ? within * unit : 1 + within;
	double low = r->difference ? -within * unit : 1 / (1 + within);
	bool both = claim->expect == EXPECT_EQUAL;

	if (r->high90 <= high && (!both || r->low90 >= low))
		return CLAIM_SUPPORTED;
	return r->low > high || (both && r->high < low) ? CLAIM_REFUTED : CLAIM_INCONCLUSIVE;
}
