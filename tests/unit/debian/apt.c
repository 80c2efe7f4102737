/* What apt is asked and what is read out of its answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "lib/fs.h"
#include "runner/debian/apt.h"

static void test_argv(void **state)
{
	struct apt a = {.conf = "/c/apt/apt.conf"};
	struct strv argv = STRV_INIT;
	struct str line = STR_INIT;

	(void)state;
	apt_argv(&argv, &a, "apt-get", "update");
	strv_quote(&argv, &line);
	assert_string_equal(str_text(&line), "apt-get -c /c/apt/apt.conf update");
	strv_release(&argv);
	str_clear(&line);
	apt_sources_argv(&argv);
	strv_quote(&argv, &line);
	assert_string_equal(
		str_text(&line),
		"apt-get indextargets --format "
		"'$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)' 'Created-By: Packages'");
	strv_release(&argv);
	str_clear(&line);
	apt_reach_argv(&argv, "http://m/dists/x/InRelease", "/t/f");
	strv_quote(&argv, &line);
	assert_non_null(strstr(str_text(&line), "apt-helper -o Acquire::Retries=0"));
	assert_non_null(strstr(str_text(&line), "download-file http://m/dists/x/InRelease /t/f"));
	strv_release(&argv);
	str_release(&line);
}

static void mirror(const char *targets, const char *base, const char *security)
{
	char *b, *s;
	struct err err = {0};
	int ret = apt_parse_mirror(targets, &b, &s, &err);

	if (!base) {
		assert_int_equal(ret, -1);
		assert_null(b);
		assert_null(s);
		assert_non_null(strstr(err.text, "--mirror"));
		return;
	}
	assert_int_equal(ret, 0);
	assert_string_equal(b, base);
	if (security)
		assert_string_equal(s, security);
	else
		assert_null(s);
	free(b);
	free(s);
}

static void test_mirror(void **state)
{
	(void)state;
	mirror("http://m/debian/ bookworm main Debian\n"
	       "http://m/debian/ bookworm-updates main Debian\n"
	       "http://s/debian-security/ bookworm-security main Debian\n",
	       "http://m/debian/", "http://s/debian-security/");
	/* other people's archives, and components, are not Debian's */
	mirror("https://other/linux/debian/ bookworm main Other\n"
	       "https://m/x/ bookworm contrib Debian\nhttps://m/y/ bookworm main Debian\n",
	       "https://m/y/", NULL);
	/* lists never fetched: the origin is not known, the name must do */
	mirror("https://other/repo/ bookworm main $(ORIGIN)\n"
	       "http://m/debian/ trixie main $(ORIGIN)\n"
	       "http://m/debian-security/ trixie-security main $(ORIGIN)\n",
	       "http://m/debian/", "http://m/debian-security/");
	/* a known origin goes before a likely name */
	mirror("http://likely/debian/ stable main $(ORIGIN)\nhttp://m/d/ bookworm main Debian\n",
	       "http://m/d/", NULL);
	mirror("cdrom://disc/ bookworm main Debian\n", NULL, NULL);
	mirror("http://m/ubuntu/ jammy main Ubuntu\n", NULL, NULL);
	mirror("", NULL, NULL);
	mirror("a\nb c\n  \n", NULL, NULL);
}

static void test_madison(void **state)
{
	struct apt_packages p = {0};

	(void)state;
	apt_parse_madison(
		" linux-image-6.1.0-56-cloud-amd64 |  6.1.192-2 | http://m/debian-security "
		"bookworm-security/main amd64 Packages\n"
		"linux-image-7.2.12+deb13-cloud-amd64 | 7.2.12-1~bpo13+1 | http://m/debian "
		"trixie-backports/main amd64 Packages\n"
		"linux-signed-amd64 | 6.1.192+2 | http://m/debian bookworm/main Sources\n"
		"W: something\n",
		&p);
	assert_int_equal(p.n, 2);
	assert_string_equal(p.v[0].name, "linux-image-6.1.0-56-cloud-amd64");
	assert_string_equal(p.v[0].version, "6.1.192-2");
	assert_string_equal(p.v[0].suite, "bookworm-security");
	assert_string_equal(p.v[1].version, "7.2.12-1~bpo13+1");
	assert_string_equal(p.v[1].suite, "trixie-backports");
	apt_packages_release(&p);
	assert_int_equal(p.n, 0);
}

static void test_simulation(void **state)
{
	struct strv v = STRV_INIT;

	(void)state;
	apt_parse_simulation("Reading package lists...\n"
			     "Inst libc6 (2.41-12 Debian:13.7/stable [amd64]) []\n"
			     "Inst qemu-system-x86 (1:10.0.13+ds-0 Debian:13.7/stable [amd64])\n"
			     "Conf libc6 (2.41-12 Debian:13.7/stable [amd64])\nInst broken\n",
			     &v);
	assert_int_equal(v.n, 2);
	assert_string_equal(v.v[0], "libc6=2.41-12");
	assert_string_equal(v.v[1], "qemu-system-x86=1:10.0.13+ds-0");
	strv_release(&v);
}

static char *file_of(const struct apt *a, const char *name)
{
	char *path = xasprintf("%s/%s", a->dir, name);
	struct str s = STR_INIT;
	struct err err;

	assert_int_equal(fs_read(path, &s, &err), 0);
	free(path);
	return s.buf;
}

static void test_open(void **state)
{
	char top[] = "/tmp/mlocklab-test-apt-XXXXXX";
	struct strv suites = STRV_INIT;
	struct err err;
	struct apt a;
	char *text;

	(void)state;
	assert_non_null(mkdtemp(top));
	assert_false(apt_reopen(&a, top));
	strv_split(&suites, "bookworm bookworm-security trixie-backports", " ");
	assert_int_equal(apt_open(&a, top, &suites, "http://m/debian/", &err), 0);
	text = file_of(&a, "sources.list");
	assert_non_null(strstr(text, "] http://m/debian bookworm main\n"));
	assert_non_null(strstr(text, "] http://m/debian-security bookworm-security main\n"));
	assert_non_null(strstr(text, "] http://m/debian trixie-backports main\n"));
	assert_non_null(strstr(text, "signed-by=/usr/share/keyrings/debian-archive-keyring"));
	assert_null(strstr(text, "trusted=yes"));
	free(text);
	text = file_of(&a, "apt.conf");
	assert_non_null(strstr(text, top));
	assert_non_null(strstr(text, "#clear APT::Update::Post-Invoke;"));
	free(text);
	assert_false(apt_has_lists(&a));
	apt_release(&a);
	assert_true(apt_reopen(&a, top));
	apt_release(&a);
	strv_release(&suites);
	assert_int_equal(fs_remove_tree(top, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_argv),	cmocka_unit_test(test_mirror),
		cmocka_unit_test(test_madison), cmocka_unit_test(test_simulation),
		cmocka_unit_test(test_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
