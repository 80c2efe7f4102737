/* What a text or a mark says of a kernel: shown as colour and weight, beside words that say the
 * same. */
#ifndef ANALYSIS_WRITE_TONE_H
#define ANALYSIS_WRITE_TONE_H

enum tone { TONE_PLAIN, TONE_BETTER, TONE_WORSE, TONE_EVEN, TONE_UNSURE };

/* The class of the style sheet; "" for a plain one. */
const char *tone_class(enum tone tone);

#endif
