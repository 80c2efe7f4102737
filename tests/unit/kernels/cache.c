/* The cache of kernels: what is put in, what is refused, what answers without a network. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <cmocka.h>
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/paths.h"
#include "runner/kernels/bzimage.h"
#include "runner/kernels/cache.h"
#include "runner/kernels/fetch.h"
#include "runner/kernels/resolve.h"
#include "runner/kernels/running.h"
#include "tests/unit/fixture-deb.h"

static char top[64];

/* The C library's, but for what a file system without locks says */
static int flock_errno;

int flock(int fd, int operation)
{
	if (!flock_errno)
		return (int)syscall(SYS_flock, fd, operation);
	errno = flock_errno;
	return -1;
}

static int setup(void **state)
{
	(void)state;
	strcpy(top, "/tmp/mlocklab-test-kernels-XXXXXX");
	return mkdtemp(top) ? 0 : -1;
}

static int teardown(void **state)
{
	struct err err;

	(void)state;
	return fs_remove_tree(top, &err);
}

/* The least that counts as a kernel image, with its release. */
static void bzimage(char image[2048], const char *release)
{
	memset(image, 0, 2048);
	memcpy(image + 0x202, "HdrS", 4);
	image[0x20f] = 2; /* the text is at 0x200 + 0x200 */
	strcpy(image + 0x400, release);
}

static void test_bzimage(void **state)
{
	char image[2048], *path = xasprintf("%s/vmlinuz", top), *release, *version;
	struct err err;

	(void)state;
	bzimage(image, "6.1.0-9-amd64 (builder@host) #1 SMP");
	assert_int_equal(fs_write_atomic(path, image, sizeof(image), &err), 0);
	release = bzimage_release(path, &err);
	assert_string_equal(release, "6.1.0-9-amd64");
	free(release);
	assert_int_equal(bzimage_identity(path, &release, &version, &err), 0);
	assert_string_equal(release, "6.1.0-9-amd64");
	assert_string_equal(version, "#1 SMP");
	free(release);
	free(version);
	image[0x20f] = 0x7f; /* beyond the file */
	assert_int_equal(fs_write_atomic(path, image, sizeof(image), &err), 0);
	assert_null(bzimage_release(path, &err));
	image[0x202] = 'X';
	assert_int_equal(fs_write_atomic(path, image, sizeof(image), &err), 0);
	assert_null(bzimage_release(path, &err));
	assert_non_null(strstr(err.text, "bzImage"));
	assert_int_equal(fs_write_atomic(path, "", 0, &err), 0);
	assert_null(bzimage_release(path, &err));
	free(path);
}

/* Makes a package of a kernel with a map of n bytes; returns its spec. */
static char *kernel_deb(const char *name, size_t map)
{
	static char image[2048], zeros[8192];
	const struct member m[] = {{"./boot/vmlinuz-6.1.0-9-amd64", image, NULL, sizeof(image)},
				   {"./boot/config-6.1.0-9-amd64", "CONFIG_X=y\n", NULL, 0},
				   {"./boot/System.map-6.1.0-9-amd64", zeros, NULL, map},
				   {"./lib/modules/6.1.0-9-amd64/kernel/a.ko", "ko", NULL, 0},
				   {0}};
	char *spec = xasprintf("deb:%s/%s.deb", top, name);

	bzimage(image, "6.1.0-9-amd64 (x) #1");
	make_deb(spec + 4, CONTROL("linux-image-6.1.0-9-amd64"), m);
	return spec;
}

static void test_deb(void **state)
{
	char *spec = kernel_deb("a", 83), *map = kernel_deb("b", 8192), *path;
	struct kernel_opts o = {.cache = top};
	struct kernel k, again;
	struct err err;

	(void)state;
	assert_int_equal(kernel_resolve(&k, spec, &o, &err), 0);
	assert_string_equal(k.spec, spec);
	assert_string_equal(k.release, "6.1.0-9-amd64");
	assert_string_equal(k.package, "linux-image-6.1.0-9-amd64");
	assert_string_equal(k.version, "6.1.9-2");
	assert_null(k.system_map); /* a stub */
	assert_non_null(k.config);
	path = xasprintf("%s/lib/modules/6.1.0-9-amd64/kernel/a.ko", k.modules);
	assert_true(fs_exists(path));
	assert_int_equal(strlen(k.sha256), 64);
	assert_int_equal(kernel_resolve(&again, map, &o, &err), 0);
	assert_non_null(again.system_map);
	assert_string_not_equal(again.image, k.image); /* same name, other contents */
	kernel_release(&again);
	assert_int_equal(kernel_resolve(&again, spec, &o, &err), 0);
	assert_string_equal(again.image, k.image);
	kernel_release(&again);
	kernel_release(&k);
	assert_null(k.image);
	free(path);
	free(map);
	free(spec);
}

static void test_tampered(void **state)
{
	char *spec = kernel_deb("a", 83);
	struct kernel_opts o = {.cache = top};
	struct kernel k;
	struct err err;
	char *image;

	(void)state;
	assert_int_equal(kernel_resolve(&k, spec, &o, &err), 0);
	image = xstrdup(k.image);
	kernel_release(&k);
	assert_int_equal(fs_write_atomic(image, "evil", 4, &err), 0);
	assert_int_equal(kernel_resolve(&k, spec, &o, &err), -1);
	assert_non_null(strstr(err.text, image));
	assert_non_null(strstr(err.text, "SHA-256"));
	assert_null(k.image);
	free(image);
	free(spec);
}

/* What a figure is explained with is checked as the image is, and refused by its name. */
static void test_tampered_config(void **state)
{
	char *spec = kernel_deb("a", 83), *config;
	struct kernel_opts o = {.cache = top};
	struct kernel k;
	struct err err;

	(void)state;
	assert_int_equal(kernel_resolve(&k, spec, &o, &err), 0);
	config = xstrdup(k.config);
	kernel_release(&k);
	assert_int_equal(fs_write_atomic(config, "CONFIG_EVIL=y\n", 14, &err), 0);
	assert_int_equal(kernel_resolve(&k, spec, &o, &err), -1);
	assert_non_null(strstr(err.text, config));
	assert_non_null(strstr(err.text, "SHA-256"));
	free(config);
	free(spec);
}

/* A file laid into the cache afterwards would name functions, or go into a guest. */
static void test_laid_in(void **state)
{
	static const char *const files[] = {
		"System.map", "lib/modules/6.1.0-9-amd64/kernel/drivers/block/brd.ko"};
	struct kernel_opts o = {.cache = top};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		char *spec = kernel_deb("a", 83), *dir, *path, *slash, zeros[8192] = {0};
		struct kernel k;
		struct err err;

		assert_int_equal(kernel_resolve(&k, spec, &o, &err), 0);
		dir = xstrndup(k.image, (size_t)(strrchr(k.image, '/') - k.image));
		kernel_release(&k);
		path = xasprintf("%s/%s", dir, files[i]);
		slash = strrchr(path, '/');
		*slash = '\0';
		assert_int_equal(fs_mkdirs(path, &err), 0);
		*slash = '/';
		assert_int_equal(fs_write_atomic(path, zeros, sizeof(zeros), &err), 0);
		assert_int_equal(kernel_resolve(&k, spec, &o, &err), -1);
		assert_non_null(strstr(err.text, path));
		assert_non_null(strstr(err.text, "none that was fetched"));
		assert_int_equal(unlink(path), 0);
		free(path);
		free(dir);
		free(spec);
	}
}

/* deb:A,B is cached by both: another B is another kernel. */
static void test_two_debs(void **state)
{
	static const struct member one[] = {
		{"./boot/config-6.1.0-9-amd64", "CONFIG_B=1\n", NULL, 0}, {0}};
	static const struct member two[] = {
		{"./boot/config-6.1.0-9-amd64", "CONFIG_B=2\n", NULL, 0}, {0}};
	static char image[2048];
	const struct member m[] = {{"./boot/vmlinuz-6.1.0-9-amd64", image, NULL, sizeof(image)},
				   {0}};
	char *a = xasprintf("%s/two-a.deb", top), *b = xasprintf("%s/two-b.deb", top);
	char *spec = xasprintf("deb:%s,%s", a, b), *alone = xasprintf("deb:%s", a);
	struct kernel_opts o = {.cache = top};
	struct kernel k[3];
	struct err err;

	(void)state;
	bzimage(image, "6.1.0-9-amd64 (x) #1");
	make_deb(a, CONTROL("linux-image-6.1.0-9-amd64"), m);
	make_deb(b, CONTROL("linux-modules-6.1.0-9-amd64"), one);
	assert_int_equal(kernel_resolve(&k[0], alone, &o, &err), 0);
	assert_int_equal(kernel_resolve(&k[1], spec, &o, &err), 0);
	make_deb(b, CONTROL("linux-modules-6.1.0-9-amd64"), two);
	assert_int_equal(kernel_resolve(&k[2], spec, &o, &err), 0);
	assert_null(k[0].config);
	assert_non_null(k[1].config);
	assert_string_not_equal(k[1].config, k[2].config);
	for (size_t i = 0; i < 3; i++)
		kernel_release(&k[i]);
	free(alone);
	free(spec);
	free(b);
	free(a);
}

/* What fails leaves nothing that looks like a kernel. */
static void test_bad_deb(void **state)
{
	static const struct member m[] = {{"./usr/share/doc/x", "no kernel", NULL, 0}, {0}};
	char *spec = xasprintf("deb:%s/x.deb", top);
	struct kernel_opts o = {.cache = top};
	struct cached_kernels l;
	struct kernel k;
	struct err err;

	(void)state;
	assert_int_equal(kernel_resolve(&k, spec, &o, &err), -1);
	assert_non_null(strstr(err.text, spec + 4));
	make_deb(spec + 4, CONTROL("linux-doc"), m);
	assert_int_equal(kernel_resolve(&k, spec, &o, &err), -1);
	assert_non_null(strstr(err.text, "holds no vmlinuz"));
	assert_int_equal(kernel_cache_list(&l, top, &err), 0);
	assert_int_equal(l.n, 0);
	kernel_cache_list_release(&l);
	free(spec);
}

static void cached(const char *version, const char *package)
{
	char *name = xasprintf("%s_%s_amd64", package, version);
	char *dir = xasprintf("%s/kernels/%s", top, name);
	char *path = xasprintf("%s/kernel.json", dir), *image = xasprintf("%s/vmlinuz", dir);
	char *spec = xasprintf("debian:%s/cloud-amd64", version);
	json_t *o =
		json_pack("{s:s, s:s, s:s}", "spec", spec, "package", package, "version", version);
	char sum[65], bytes[2048];
	struct err err;

	bzimage(bytes, package + strlen("linux-image-"));
	assert_int_equal(fs_mkdirs(dir, &err), 0);
	assert_int_equal(fs_write_atomic(image, bytes, sizeof(bytes), &err), 0);
	assert_int_equal(fs_sha256(image, sum, &err), 0);
	json_object_set_new(o, "sha256", json_string(sum));
	assert_int_equal(json_write(path, o, &err), 0);
	json_decref(o);
	free(spec);
	free(image);
	free(path);
	free(dir);
	free(name);
}

/* What is cached answers alone: no list, no mirror, no apt. */
static void test_cached(void **state)
{
	char *config = xasprintf("%s/kernels.ini", top);
	static const char ini[] = "[debian]\nsuites = bookworm\n";
	struct kernel_opts o = {.cache = top, .config = config, .mirror = "http://127.0.0.1:9/x"};
	struct cached_kernels l;
	struct kernel k;
	struct err err;

	(void)state;
	assert_int_equal(fs_write_atomic(config, ini, strlen(ini), &err), 0);
	cached("6.1.9-1", "linux-image-6.1.0-9-cloud-amd64");
	cached("6.1.192-2", "linux-image-6.1.0-56-cloud-amd64");
	cached("6.1.200-1", "linux-image-6.1.0-57-amd64");
	assert_int_equal(kernel_resolve(&k, "debian:6.1", &o, &err), 0);
	assert_string_equal(k.version, "6.1.192-2");
	kernel_release(&k);
	assert_int_equal(kernel_resolve(&k, "debian:6.1/amd64", &o, &err), 0);
	assert_string_equal(k.version, "6.1.200-1");
	kernel_release(&k);
	assert_int_equal(
		kernel_cache_remove(top, "linux-image-6.1.0-56-cloud-amd64_6.1.192-2_amd64", &err),
		0);
	assert_int_equal(kernel_resolve(&k, "debian:6.1", &o, &err), 0);
	assert_string_equal(k.version, "6.1.9-1");
	kernel_release(&k);
	assert_int_equal(kernel_cache_remove(top, "nothing", &err), -1);
	assert_int_equal(kernel_cache_list(&l, top, &err), 0);
	assert_int_equal(l.n, 2);
	kernel_cache_list_release(&l);
	free(config);
}

static void test_image(void **state)
{
	char image[2048], *path = xasprintf("%s/vmlinuz", top);
	char *good = xasprintf("image:%s,config=/dev/null", path);
	char *bad = xasprintf("image:%s,config=%s/none", path, top);
	struct kernel_opts o = {.cache = top};
	struct kernel k;
	struct utsname u;
	struct err err;

	(void)state;
	bzimage(image, "6.9.0-mine");
	assert_int_equal(fs_write_atomic(path, image, sizeof(image), &err), 0);
	assert_int_equal(kernel_resolve(&k, good, &o, &err), 0);
	assert_string_equal(k.release, "6.9.0-mine");
	assert_string_equal(k.image, path);
	assert_string_equal(k.config, "/dev/null");
	assert_null(k.package);
	kernel_release(&k);
	assert_int_equal(kernel_resolve(&k, bad, &o, &err), -1);
	assert_non_null(strstr(err.text, "/none'"));
	assert_int_equal(kernel_resolve(&k, "running", &o, &err), 0);
	assert_true(k.running);
	assert_non_null(k.release);
	assert_int_equal(strlen(k.sha256), 64);
	uname(&u);
	assert_int_equal(kernel_is(&k, u.release, u.version, &err), 0);
	assert_int_equal(kernel_is(&k, u.release, "#0 of another build", &err), -1);
	assert_non_null(strstr(err.text, "#0 of another build"));
	assert_non_null(strstr(err.text, u.version));
	kernel_release(&k);
	free(bad);
	free(good);
	free(path);
}

/* The notes of a kernel: another owner's first, then the build id. */
static void test_build_id(void **state)
{
	static const unsigned char notes[] = {6, 0,   0,   0,	1,   0,	  0, 0,	   3,	 0,    0,
					      0, 'L', 'i', 'n', 'u', 'x', 0, 0,	   0,	 7,    0,
					      0, 0,   4,   0,	0,   0,	  3, 0,	   0,	 0,    3,
					      0, 0,   0,   'G', 'N', 'U', 0, 0x48, 0xdc, 0x54, 0};
	char *id = kernel_build_id(notes, sizeof(notes));

	(void)state;
	assert_non_null(id);
	assert_string_equal(id, "48dc54");
	free(id);
	for (size_t n = 0; n < sizeof(notes); n++)
		assert_null(kernel_build_id(notes, n));
}

static void test_suites(void **state)
{
	char *path = xasprintf("%s/k.ini", top);
	struct kernel_suites s;
	struct err err;

	(void)state;
	assert_int_equal(kernel_suites_load(&s, "configs/kernel/debian.ini", &err), 0);
	assert_int_equal(s.suites.n, 7);
	assert_string_equal(s.suites.v[0], "bullseye");
	assert_string_equal(s.flavour, "cloud-amd64");
	kernel_suites_release(&s);
	assert_int_equal(fs_write_atomic(path, "[debian]\n", 9, &err), 0);
	assert_int_equal(kernel_suites_load(&s, path, &err), -1);
	assert_non_null(strstr(err.text, path));
	free(path);
}

static void test_space(void **state)
{
	struct err err;

	(void)state;
	assert_int_equal(kernel_fetch_space(top, 1, "a kernel", &err), 0);
	assert_int_equal(kernel_fetch_space(top, 1ull << 60, "a kernel", &err), -1);
	assert_non_null(strstr(err.text, "no space"));
	assert_non_null(strstr(err.text, top));
	assert_non_null(strstr(err.text, "a kernel"));
}

static void located(const char *exe, const char *want_top, const char *want_home)
{
	char *path = xasprintf("%s/%s", top, exe), *found, *home;

	paths_locate(path, &found, &home);
	free(path);
	path = xasprintf("%s/%s", top, want_top ? want_top : want_home ? want_home : "");
	if (want_top)
		assert_string_equal(found, path);
	else
		assert_null(found);
	if (want_home)
		assert_string_equal(home, path);
	else
		assert_null(home);
	free(path);
	free(found);
	free(home);
}

static void test_paths(void **state)
{
	char *tree = xasprintf("%s/tree/configs", top);
	char *usr = xasprintf("%s/usr/libexec/mlocklab/share/configs", top);
	struct err err;

	(void)state;
	assert_int_equal(fs_mkdirs(tree, &err), 0);
	assert_int_equal(fs_mkdirs(usr, &err), 0);
	located("tree/mlocklab", "tree", NULL);
	located("tree/build/mlockbench", "tree", NULL);
	located("tree/build/libexec/mlocklab-run", "tree", NULL);
	located("usr/libexec/mlocklab/mlocklab", NULL, "usr/libexec/mlocklab");
	located("usr/libexec/mlocklab/mlocklab-run", NULL, "usr/libexec/mlocklab");
	located("else/where/a/b/c/mlocklab", NULL, NULL);
	free(tree);
	free(usr);
}

/* What a variable of the environment says, or that it says nothing: text "". */
static void cache_is(const char *text, const char *want)
{
	char *path;

	assert_int_equal(setenv("MLOCKLAB_CACHE", text, 1), 0);
	path = paths_cache();
	assert_non_null(strstr(path, want));
	free(path);
	unsetenv("MLOCKLAB_CACHE");
}

static void test_named(void **state)
{
	char *path = paths_named("configs/no-such.ini");

	(void)state;
	/* the test is a program of the tree */
	assert_int_equal(*path, '/');
	assert_non_null(strstr(path, "/configs/no-such.ini"));
	free(path);
	path = paths_named("other/no-such.ini");
	assert_string_equal(path, "other/no-such.ini");
	free(path);
	cache_is("/else/where", "/else/where");
	cache_is("", "/cache");
}

/* Two fetches into one cache would mix: without the lock there is none. */
static void test_lock(void **state)
{
	char *path = xasprintf("%s/kernels/.lock", top);
	struct err err = {""};
	int fd;

	(void)state;
	fd = kernel_cache_lock(top, &err);
	assert_true(fd >= 0);
	close(fd);
	flock_errno = ENOLCK;
	assert_int_equal(kernel_cache_lock(top, &err), -1);
	flock_errno = 0;
	assert_non_null(strstr(err.text, "cannot lock '"));
	assert_non_null(strstr(err.text, "/kernels/.lock': No locks available"));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(kernel_cache_lock(top, &err), -1);
	assert_non_null(strstr(err.text, "cannot open '"));
	free(path);
}

#define WITH_TOP(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_TOP(test_bzimage),	      WITH_TOP(test_deb),
		WITH_TOP(test_tampered),      WITH_TOP(test_tampered_config),
		WITH_TOP(test_bad_deb),	      WITH_TOP(test_cached),
		WITH_TOP(test_image),	      WITH_TOP(test_build_id),
		WITH_TOP(test_laid_in),	      WITH_TOP(test_two_debs),
		WITH_TOP(test_suites),	      WITH_TOP(test_space),
		WITH_TOP(test_paths),	      WITH_TOP(test_lock),
		cmocka_unit_test(test_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
