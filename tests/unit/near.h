/* cmocka compares floats; a table wants doubles. Include after cmocka.h. */
#ifndef TESTS_NEAR_H
#define TESTS_NEAR_H

#include <math.h>

#define NEAR(a, b, e)                                                                              \
	do {                                                                                       \
		double near_a = (a), near_b = (b);                                                 \
		if (!(fabs(near_a - near_b) <= (e)))                                               \
			fail_msg("%s is %.15g, not %.15g", #a, near_a, near_b);                    \
	} while (0)

#endif
