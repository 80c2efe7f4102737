/* SHA-256, by nettle: of bytes as they pass, or of a file. */
#ifndef LIB_SHA256_H
#define LIB_SHA256_H

#include <nettle/sha2.h>

/* The sum of what was added, as 64 hex digits; ctx starts again. sha256_init, sha256_update:
 * nettle's. */
void sha256_hex(struct sha256_ctx *ctx, char out[65]);

#endif
