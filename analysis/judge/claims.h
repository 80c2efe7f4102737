/*
 * The ledger: what somebody said of a kernel change, as a section of a file, and what stored runs
 * say to it.
 *
 *     [munlockall-sparse]
 *     claim=munlockall() of a large range with nothing in it is no longer very slow
 *     source=patch 07, 34b6792380ce
 *     workload=munlockall-sparse size=512M lock=mlock
 *     metric=munlockall
 *     expect=lower
 *
 * workload  a cell: what is not named has its default
 * metric    or a counter: vmstat.NAME; or waiting.i_mmap_rwsem, as of other classes of locks: what
 *           part of the processes' time went into waiting for them, in percent, by boots that
 *           recorded it
 * expect    of the new kernel against the old: lower, higher, equal, no-higher; of each boot of the
 *           new: at-most NUMBER
 *
 * and, where it needs them:
 *
 * refuted     what would refute it
 * within=0.1  a share, for equal and no-higher
 * by=0.5      a share, for lower and higher: by so much at least
 * net         control: what the cell takes more than its control; or than another cell, named as
 *             workload= does
 * subject     of the patch, or seven digits and more of its commit: a run over a series judges it
 *             there,
 * since       or from before this one on, where those between cannot be compared alone
 * families    of functions that the patch touches: where kernels differ in more, and were profiled,
 *             it is judged by these
 * copying     apart: where they were profiled it is judged by all functions but those that copy,
 *             which the emulator's clock counts otherwise on old kernels
 * (analysis/cause/copying.h), and without the time in which nobody ran untestable  why no figure of
 * the lab can tell target      icount: where it can be seen; left out: anywhere cpus=4      so many
 * at least; left out: one counter     the mechanism: of /proc/vmstat, or a metric
 */
#ifndef ANALYSIS_JUDGE_CLAIMS_H
#define ANALYSIS_JUDGE_CLAIMS_H

#include "analysis/judge/compare.h"
#include "lib/ini.h"

struct profiles; /* analysis/cause/profile.h */

enum expect { EXPECT_LOWER, EXPECT_HIGHER, EXPECT_EQUAL, EXPECT_NO_HIGHER, EXPECT_AT_MOST };

struct claim {
	const char *id, *text, *source, *workload, *metric; /* of the file, which holds them */
	const char *target, *counter;			    /* NULL: any; none */
	const char *subject, *since; /* of the patches it speaks of; NULL: none is named */
	const char *families;	     /* of functions, that they touch; NULL: likewise */
	bool copying_apart;	     /* families are those that it is not judged by */
	const char *untestable;	     /* NULL: it can be tested */
	const char *refuted;	     /* NULL: its text says it, or the bound does */
	const char
		*net; /* "control" or a cell: judge what the cell takes more than that; NULL: no */
	enum expect expect;
	int cpus;      /* it takes so many at least */
	double bound;  /* at-most */
	double within; /* equal, no-higher: a share, of a net that of the whole cell; 0: the margin
			* of the comparison */
	double by;     /* lower, higher: a share; 0: the margin of the comparison */
};

/* A file of claims: "1-series" is that of 1-series.ini; its first comment says what they are. */
struct claim_file {
	char *name, *about;
	struct ini_file ini;
	struct claim *v;
	size_t n;
};

struct claims {
	struct claim_file *files; /* sorted by name */
	size_t n;
};

/* Reads all *.ini of a directory. Messages name file and line. */
int claims_load(struct claims *c, const char *dir, struct err *err);
void claims_release(struct claims *c);

enum claim_verdict {
	CLAIM_SUPPORTED,
	CLAIM_REFUTED,
	CLAIM_NO_DIFFERENCE, /* a difference was claimed, and there is none above the margin */
	CLAIM_INCONCLUSIVE,
	CLAIM_NOT_TESTABLE,
};
/* "holds", "does not hold", "no difference", "inconclusive", "not testable here" */
const char *claim_verdict_name(enum claim_verdict v);

/* A claim, judged. */
struct ledger_row {
	const struct claim_file *file;
	const struct claim *claim;
	enum claim_verdict verdict;
	const struct comparison *comparison; /* NULL: none has the cell */
	const struct run_cell *cell;	     /* NULL as well */
	const struct result *result;	     /* NULL: not both kernels have a value */
	const struct result *control;	 /* the same of what claim->net names, else of the cell's
					  * control;    NULL: none was measured */
	struct result net;		 /* claim->net: what `result` points to, to be shown */
	struct result gross;		 /* and judged by: the cell as it would be had only its net
					  * changed; max-T over all nets of a comparison */
	double old, new;		 /* medians over boots; NAN: that kernel has no value */
	double counter_old, counter_new; /* the same of the counter */
	/* Of claim->families, or of all but those, where the kernels were profiled, instructions
	 * an operation: what they change by, with its interval, and all others; net as the claim
	 * is. */
	struct result functions; /* by layout; k 0: not profiled */
	double touched, touched_low, touched_high, others;
	bool idles;	/* the clock went on by more than a tenth while nobody ran, on a kernel */
	double idle;	/* by so much more on the new one */
	bool by_family; /* the verdict is on that */
	char *need;	/* not testable: what is missing, printable; else NULL */
};

struct ledger {
	struct ledger_row *rows; /* file by file */
	size_t n;
	size_t testable; /* of them */
};

/* Judges each claim by the first comparison that can. Claims and comparisons must outlive it. */
void ledger_make(struct ledger *l, const struct claims *claims,
		 const struct comparison *const *comparisons, size_t n);
/*
 * Judges anew, by profiles, what was judged by kernels that differ in more than the claim's
 * patches: by what the functions of its families take more or less in each layout that was profiled
 * on both kernels, COMPARE_MIN_PAIRS of them, by the same test and margin; of fewer the figures are
 * taken and the verdict is left. A profile is of the same kernels by their releases, and tells of a
 * figure that is the whole region by its operations. -1: a profile cannot be read, or a family is
 * none.
 */
int ledger_attribute(struct ledger *l, const struct profiles *from, size_t n, struct err *err);
void ledger_release(struct ledger *l);

/* "lower", "at most 0": what was claimed of the metric; owned by the caller. */
char *ledger_expected(const struct claim *c);
/* "2458 to 2024 insn/page, ratio 0.824 (0.822..0.826), control 1.021"; what is needed where the
 * claim could not be tested. Owned by the caller, printable. */
char *ledger_evidence(const struct ledger_row *r);
/* What a verdict on a patch is on: " (whole kernels)", " (by its functions)" or " (the patch
 * alone)"; "" where the claim names none. */
const char *ledger_whose(const struct ledger_row *r);
/* "unevictable_pgs_munlocked 64 to 64", or "" without a counter; owned by the caller. */
char *ledger_mechanism(const struct ledger_row *r);
/* The whole as text, Markdown or JSON, appended; all: in the text also what could not be tested. */
void ledger_text(const struct ledger *l, bool all, struct str *out);
void ledger_markdown(const struct ledger *l, struct str *out);
void ledger_json(const struct ledger *l, struct str *out);
/* A Markdown table, a claim a line and a kernel a column: n ledgers of the same claims, each of
 * another new kernel, and those kernels' names. */
void ledger_summary(const struct ledger *const *ledgers, const char *const *kernels, size_t n,
		    struct str *out);

#endif
