#include "analysis/write/tone.h"

const char *tone_class(enum tone tone)
{
	static const char *const names[] = {"", "better", "worse", "even", "unsure"};

	return names[tone];
}
