/*
 * A guest that means harm: as PID 1, and as a stand-in for QEMU, it sends what should reach neither
 * the screen nor the file system, nor a page as anything but text. Environment (in a guest: kernel
 * parameters):
 *
 *     hostile=polite   messages as they should be, of harmful content
 *     hostile=rude     messages that are not as they should be
 *     hostile=huge     messages and a console of many megabytes
 *     hostile=liar     another kernel than was booted, of a harmful name
 *
 * It takes the cells from /plan; a stand-in has them in cells=ID|ID.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/utsname.h>
#include <termios.h>
#include <unistd.h>
#include "lib/frame.h"
#include "lib/fs.h"
#include "lib/str.h"
#include "runner/kernels/bzimage.h"

#define MARK "mlocklab-pwned"
#define UP "../../../../../../../../"

/* As they stand in JSON. The marks are what the test looks for. */
static const char *const texts[] = {
	"<script>alert('" MARK "')</script>",
	"\\\"'><img src=x onerror=alert(1)>",
	"</title></style></svg><b>" MARK,
	"\\u001b[31m\\u001b]0;" MARK "\\u0007",
	"\\u009b31m \\u202e \\u2066 \\u007f \\b",
	UP "tmp/" MARK,
	"/tmp/" MARK,
	"%s%n%s%n%s%n",
	"a,b\\n\\\"c\\\"\\r=cmd()",
	"|x| `y` [z](javascript:alert(1)) <a href=x>",
	"$(touch /tmp/" MARK ") `touch /tmp/" MARK "`",
	"\\\\n\\\\';DROP TABLE run;--",
};
#define TEXTS (sizeof(texts) / sizeof(*texts))

static struct frame_writer out[8];
static struct strv cells = STRV_INIT;
static char *release, *version; /* of the kernel that is booted */

static void say(unsigned stream, const char *line)
{
	frame_write(&out[stream], line, strlen(line));
}

static void raw(const char *bytes, size_t n)
{
	fs_write_all(out[0].fd, bytes, n);
}

/* --- polite: what a reader takes --- */

/* With another kernel's name it would be over at once. */
static void hello(const char *as_release, const char *as_version)
{
	struct str s = STR_INIT;

	str_addf(&s, "{\"t\":\"hello\",\"release\":\"%s\",\"version\":\"%s\",\"cmdline\":\"%s\",",
		 as_release, as_version, texts[5]);
	str_addf(&s, "\"cpus\":1,\"nodes\":1,\"memory_kib\":1,\"clocksource\":\"%s\",", texts[1]);
	str_add(&s, "\"mitigations\":{");
	for (size_t i = 0; i < TEXTS; i++)
		str_addf(&s, "%s\"%s\":\"%s\"", i ? "," : "", texts[i], texts[TEXTS - 1 - i]);
	str_addf(&s, "},\"thp\":\"%s\"}", texts[4]);
	say(0, s.buf);
	str_release(&s);
}

static void polite_sample(unsigned stream, int iter, const char *outcome, const char *reason)
{
	struct str s = STR_INIT;

	str_addf(&s,
		 "{\"t\":\"sample\",\"cell\":\"%s\",\"iter\":%d,\"outcome\":\"%s\",\"reason\":\"%"
		 "s\",",
		 cells.v[stream - 1], iter, outcome, reason);
	str_addf(&s, "\"elapsed_ns\":%d,\"ops\":10,\"metrics\":{\"exit\":%d,\"region\":%d",
		 1000 + iter, 500 + iter, 100 + iter);
	str_add(&s, "},\"vmstat\":{\"nr_mlock\":1e30,\"nr_unevictable\":-1e-30},");
	str_add(&s, "\"latency_ns\":[0,9223372036854775807]}");
	say(stream, s.buf);
	str_release(&s);
}

static void polite_locks(unsigned stream)
{
	const char *cell = cells.v[stream - 1];
	struct str s = STR_INIT;

	str_addf(&s,
		 "{\"t\":\"locks\",\"cell\":\"%s\",\"backend\":\"slowpath\",\"iter\":1,\"elapsed_"
		 "ns\":99,"
		 "\"workers\":1,\"exits\":0,\"exit_ns\":0,\"rows\":[",
		 cell);
	for (size_t i = 0; i < TEXTS; i++)
		str_addf(&s,
			 "%s{\"lock\":%zu,\"mode\":\"read\",\"caller\":\"%s\",\"via\":\"%s\","
			 "\"waits\":1,"
			 "\"wait_ns\":9,\"longest_ns\":9}",
			 i ? "," : "", i, texts[i], texts[TEXTS - 1 - i]);
	str_add(&s, "]}");
	say(0, s.buf);
	str_clear(&s);
	str_addf(&s, "{\"t\":\"locks-end\",\"cell\":\"%s\",\"backend\":\"slowpath\",\"events\":9}",
		 cell);
	say(0, s.buf);
	str_clear(&s);
	str_addf(&s,
		 "{\"t\":\"lockstat\",\"cell\":\"%s\",\"backend\":\"lockstat\",\"rows\":[{"
		 "\"class\":\"%s\","
		 "\"mode\":\"%s\",\"waits\":1,\"acquisitions\":1,\"wait_ns\":1,\"longest_ns\":1,"
		 "\"points\":"
		 "[{\"caller\":\"%s\",\"contentions\":1}]}]}",
		 cell, texts[0], texts[1], texts[3]);
	say(0, s.buf);
	str_clear(&s);
	for (size_t i = 0; i < 4; i++) {
		str_addf(&s,
			 "{\"t\":\"perf\",\"cell\":\"%s\",\"backend\":\"perf\",\"text\":\"%s\"}",
			 cell, texts[i]);
		say(0, s.buf);
		str_clear(&s);
		str_addf(&s,
			 "{\"t\":\"locks-skip\",\"cell\":\"%s\",\"backend\":\"%s\",\"reason\":\"%"
			 "s\"}",
			 cell, texts[i], texts[3]);
		say(0, s.buf);
		str_clear(&s);
	}
	str_release(&s);
}

static void polite(void)
{
	for (size_t i = 0; i < TEXTS; i++)
		dprintf(2, "[    1.000000] BUG: \033[2J\033]0;%s\007 %s\n", MARK, texts[i]);
	hello(release, version);
	say(0, "{\"t\":\"settled\",\"seconds\":3,\"idle\":true}");
	for (unsigned i = 1; i <= cells.n; i++) {
		char *cell =
			xasprintf("{\"t\":\"cell\",\"i\":%u,\"cell\":\"%s\"}", i - 1, texts[3]);

		say(0, cell);
		polite_sample(i, 0, "ok", "");
		for (size_t k = 0; k < TEXTS; k++)
			polite_sample(i, (int)k + 1, k % 2 ? "fail" : "ok", texts[k]);
		polite_locks(i);
		free(cell);
	}
	say(0, "{\"t\":\"bye\",\"cells\":1}");
}

/* --- rude: what a reader must refuse --- */

static void rude(void)
{
	static const char *const lines[] = {
		"\033[2J\033]0;" MARK "\007%s%n\n",
		"@ml1\n@ml1 \n@ml1 x y z w {}\n",
		"@ml1 0 0 99999999999999999999 00000000 {}\n",
		"@ml1 4294967296 0 2 00000000 {}\n@ml1 -1 -1 -1 ffffffff {}\n",
		"@ml1 70000 0 2 00000000 {}\n",
		"@ml1 0 999999999 2 0 {}\n",
	};
	static const char *const messages[] = {
		"",
		"{",
		"[]",
		"null",
		"\"x\"",
		"{\"t\":\"sample\"}",
		"{\"t\":1}",
		"{\"t\":null,\"i\":-1}",
		"{\"t\":\"cell\",\"i\":99999999}",
		"{\"t\":\"cell-end\",\"i\":-9223372036854775808}",
		"{\"t\":\"cell\",\"i\":1e400}",
		"{\"t\":\"hello\"}",
		"{\"t\":\"settled\",\"seconds\":\"x\"}",
		"{\"t\":\"sample\",\"cell\":\"" UP "tmp/" MARK "\",\"iter\":0,\"outcome\":\"ok\"}",
		"{\"t\":\"sample\",\"cell\":\"x\",\"cell\":\"y\",\"iter\":0,\"outcome\":\"ok\"}",
		"{\"t\":\"sample\",\"cell\":\"x\",\"iter\":99999999999999999999,\"outcome\":"
		"\"ok\"}",
		"{\"t\":\"sample\",\"cell\":\"x\",\"iter\":0,\"outcome\":\"\\u001b[31m\"}",
		"{\"t\":\"sample\",\"cell\":\"x\\u0000y\",\"iter\":0,\"outcome\":\"ok\"}",
		"{\"t\":\"sample\",\"cell\":\"x\",\"iter\":0,\"outcome\":\"ok\",\"ops\":-1}",
		"{\"t\":\"sample\",\"cell\":\"x\",\"iter\":0,\"outcome\":\"ok\",\"metrics\":{\"a\":"
		"NaN}}",
		"{\"t\":\"fatal\",\"reason\":\"\\u001b[31m\"}",
		"\xff\xfe\x80",
	};
	static const char *const groups[] = {"metrics", "vmstat", "perf"};
	struct str s = STR_INIT;

	hello(release, version);
	for (size_t i = 0; i < 3 * TEXTS; i++) {
		str_addf(&s,
			 "{\"t\":\"sample\",\"cell\":\"%s\",\"iter\":0,\"outcome\":\"ok\",\"%s\":{"
			 "\"%s\":1}}",
			 cells.v[0], groups[i % 3], texts[i / 3]);
		say(1, s.buf);
		str_clear(&s);
	}
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		raw(lines[i], strlen(lines[i]));
	raw("a\0b\0@ml1 0 0 2 0 \0\0\n", 20);
	for (unsigned stream = 0; stream < 3; stream++)
		for (size_t i = 0; i < sizeof(messages) / sizeof(*messages); i++)
			say(stream, messages[i]);
	for (int i = 0; i < 100000; i++)
		str_add(&s, "[");
	say(0, s.buf);
	str_release(&s);
	say(0, "{\"t\":\"bye\",\"cells\":1}");
	raw("@ml1 0 9999 100 0 {\"t\":", 23);
}

/* --- huge --- */

static void many(char c, size_t n)
{
	char block[65536];

	memset(block, c, sizeof(block));
	for (; n; n -= n < sizeof(block) ? n : sizeof(block))
		raw(block, n < sizeof(block) ? n : sizeof(block));
}

static void huge(void)
{
	struct str s = STR_INIT;

	many('x', 20 << 20);
	raw("\n", 1);
	for (int i = 0; i < 10 << 16; i++)
		str_add(&s, "\033[31m Kernel panic");
	fs_write_all(2, s.buf, s.len);
	str_clear(&s);
	hello(release, version);
	say(0, "{\"t\":\"settled\",\"seconds\":3,\"idle\":true}");
	str_addf(&s,
		 "{\"t\":\"sample\",\"cell\":\"%s\",\"iter\":0,\"outcome\":\"ok\",\"metrics\":{"
		 "\"a\":0",
		 cells.v[0]);
	for (int i = 0; s.len < FRAME_MAX_PAYLOAD - 100; i++)
		str_addf(&s, ",\"%x\":1", i);
	str_add(&s, "}}");
	say(1, s.buf);
	str_clear(&s);
	str_addf(&s,
		 "{\"t\":\"sample\",\"cell\":\"%s\",\"iter\":0,\"outcome\":\"fail\",\"reason\":\"%"
		 "0*d\"}",
		 cells.v[0], 4000000, 0);
	say(1, s.buf);
	str_release(&s);
	for (unsigned i = 0; i < 100000; i++) {
		struct frame_writer w = {out[0].fd, i * 7 % 70000, i * 977};

		frame_write(&w, "{}", 2);
	}
	say(0, "{\"t\":\"bye\",\"cells\":1}");
}

/* --- liar --- */

static void liar(void)
{
	hello(texts[0], texts[3]);
	say(0, "{\"t\":\"settled\",\"seconds\":3,\"idle\":true}");
	for (unsigned i = 1; i <= cells.n; i++)
		polite_sample(i, 0, "ok", "");
	say(0, "{\"t\":\"bye\",\"cells\":1}");
}

/* --- where it finds itself --- */

static void open_guest(void)
{
	struct str plan = STR_INIT;
	struct strv lines = STRV_INIT;
	struct utsname u;
	struct termios t;
	struct err err;
	int fd;

	uname(&u);
	release = xstrdup(u.release);
	version = xstrdup(u.version);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	dup2(open("/dev/ttyS0", O_WRONLY | O_NOCTTY), 2);
	fd = open("/dev/ttyS1", O_WRONLY | O_NOCTTY);
	tcgetattr(fd, &t);
	cfmakeraw(&t);
	t.c_cflag |= CLOCAL;
	tcsetattr(fd, TCSANOW, &t);
	dup2(fd, 1);
	fs_read("/plan", &plan, &err);
	strv_split(&lines, str_text(&plan), "\n");
	for (size_t i = 0; i < lines.n; i++)
		if (strncmp(lines.v[i], "cell ", 5) == 0)
			strv_push(&cells, strtok(lines.v[i] + 5, "\t"));
}

static void open_stand_in(char **argv)
{
	static const char console[] = "file,id=console,path=";

	struct err err;

	for (; *argv; argv++) {
		if (strncmp(*argv, console, strlen(console)) == 0)
			dup2(open(*argv + strlen(console), O_WRONLY | O_CREAT | O_TRUNC, 0644), 2);
		if (strcmp(*argv, "-kernel") == 0 &&
		    bzimage_identity(argv[1], &release, &version, &err) < 0)
			exit(1);
	}
	strv_split(&cells, getenv("cells"), "|");
}

int main(int argc, char **argv)
{
	const char *mode = getenv("hostile");

	(void)argc;
	if (getpid() == 1)
		open_guest();
	else
		open_stand_in(argv);
	for (unsigned i = 0; i < sizeof(out) / sizeof(*out); i++)
		out[i] = (struct frame_writer){.fd = 1, .stream = i};
	if (strcmp(mode, "polite") == 0)
		polite();
	else if (strcmp(mode, "rude") == 0)
		rude();
	else if (strcmp(mode, "huge") == 0)
		huge();
	else
		liar();
	if (getpid() == 1)
		reboot(RB_POWER_OFF);
	return 0;
}
