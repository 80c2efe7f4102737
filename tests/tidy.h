/* For make lint: that a function which sets an error returns -1, which clang-tidy does not see. */
#include "lib/err.h"
#define err_set(...) (err_set(__VA_ARGS__), -1)
#define err_sys(...) (err_sys(__VA_ARGS__), -1)
#define err_prefix(...) (err_prefix(__VA_ARGS__), -1)
