#include "lib/sha256.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/base16.h>
#include <unistd.h>
#include "lib/fs.h"

void sha256_hex(struct sha256_ctx *ctx, char out[65])
{
	uint8_t sum[SHA256_DIGEST_SIZE];

	sha256_digest(ctx, sizeof(sum), sum);
	base16_encode_update(out, sizeof(sum), sum);
	out[64] = '\0';
}

/* Here and not in fs.c: programs that are static and hash nothing need no nettle. */
int fs_sha256(const char *path, char out[65], struct err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct sha256_ctx ctx;
	uint8_t buf[65536];
	ssize_t n;

	if (fd < 0)
		return err_sys(err, "cannot open '%s'", path);
	sha256_init(&ctx);
	while ((n = read(fd, buf, sizeof(buf))) > 0 || (n < 0 && errno == EINTR))
		sha256_update(&ctx, n > 0 ? (size_t)n : 0, buf);
	if (n < 0)
		err_sys(err, "cannot read '%s'", path);
	close(fd);
	sha256_hex(&ctx, out);
	return n < 0 ? -1 : 0;
}
