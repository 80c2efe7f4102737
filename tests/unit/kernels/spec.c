/* Kernel specs: their words, the package that is meant, and where its files go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "runner/debian/package.h"
#include "runner/kernels/cache.h"
#include "runner/kernels/spec.h"
#include "runner/qemu/fetch.h"

static void test_spec(void **state)
{
	struct kernel_spec s;
	struct err err;

	(void)state;
	assert_int_equal(kernel_spec_parse(&s, "debian:6.1", &err), 0);
	assert_int_equal(s.kind, SPEC_DEBIAN);
	assert_string_equal(s.version, "6.1");
	assert_null(s.flavour);
	kernel_spec_release(&s);
	assert_int_equal(kernel_spec_parse(&s, "debian:7.2.12-1~bpo13+1/rt-amd64", &err), 0);
	assert_string_equal(s.version, "7.2.12-1~bpo13+1");
	assert_string_equal(s.flavour, "rt-amd64");
	kernel_spec_release(&s);
	assert_int_equal(kernel_spec_parse(&s, "deb:a.deb,b.deb", &err), 0);
	assert_int_equal(s.kind, SPEC_DEB);
	assert_int_equal(s.debs.n, 2);
	kernel_spec_release(&s);
	assert_int_equal(kernel_spec_parse(&s, "image:/v,config=/c,map=/m,modules=/d", &err), 0);
	assert_int_equal(s.kind, SPEC_IMAGE);
	assert_string_equal(s.image, "/v");
	assert_string_equal(s.config, "/c");
	assert_string_equal(s.map, "/m");
	assert_string_equal(s.modules, "/d");
	kernel_spec_release(&s);
	assert_int_equal(
		kernel_spec_parse(&s, "git:/t@v5.17,config=/c,fragment=/a,fragment=/b", &err), 0);
	assert_int_equal(s.kind, SPEC_GIT);
	assert_string_equal(s.name, "/t@v5.17");
	assert_string_equal(s.config, "/c");
	assert_int_equal(s.fragments.n, 2);
	kernel_spec_release(&s);
	assert_int_equal(kernel_spec_parse(&s, "boot:6.1.0-56-amd64", &err), 0);
	assert_int_equal(s.kind, SPEC_BOOT);
	assert_string_equal(s.name, "6.1.0-56-amd64");
	kernel_spec_release(&s);
	assert_int_equal(kernel_spec_parse(&s, "running", &err), 0);
	assert_int_equal(s.kind, SPEC_RUNNING);
	kernel_spec_release(&s);
}

static void test_bad_spec(void **state)
{
	static const struct {
		const char *spec, *says;
	} bad[] = {
		{"6.1", "debian:VERSION"},
		{"", "debian:VERSION"},
		{"debian:", "has no version"},
		{"debian:bookworm", "has no version"},
		{"debian:6.1/", "debian:6.1/amd64"},
		{"debian:6 1", "has no version"},
		{"debian:6.1/../x", "flavour"},
		{"deb:", "names no file"},
		{"image:", "names no file"},
		{"image:/v,initrd=/x", "'initrd=/x'"},
		{"image:/v,config=", "'config='"},
		{"boot:", "has no release"},
		{"boot:../x", "has no release"},
		{"git:", "names no commit"},
		{"git:,config=x", "names no commit"},
		{"git:/t@", "names no commit"},
		{"git:a,config=x,config=y", "once"},
		{"Running", "or running"},
	};
	struct kernel_spec s;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct err err = {0};

		assert_int_equal(kernel_spec_parse(&s, bad[i].spec, &err), -1);
		assert_non_null(strstr(err.text, bad[i].says));
		assert_null(s.version);
	}
}

static void test_is_image(void **state)
{
	static const struct {
		const char *package, *has, *want, *flavour;
		bool is;
	} c[] = {
		{"linux-image-6.1.0-56-cloud-amd64", "6.1.192-2", "6.1", "cloud-amd64", true},
		{"linux-image-6.1.0-56-cloud-amd64", "6.1.192-2", "6.1.192", "cloud-amd64", true},
		{"linux-image-6.1.0-56-cloud-amd64", "6.1.192-2", "6.1.192-2", "cloud-amd64", true},
		{"linux-image-6.1.0-56-cloud-amd64", "6.1.192-2", "6.1.19", "cloud-amd64", false},
		{"linux-image-6.1.0-56-cloud-amd64", "6.1.192-2", NULL, "cloud-amd64", true},
		{"linux-image-6.1.0-56-cloud-amd64", "6.1.192-2", "6.1", "amd64", false},
		{"linux-image-6.1.0-56-amd64", "6.1.192-2", "6.1", "amd64", true},
		{"linux-image-6.1.0-56-rt-amd64", "6.1.192-2", "6.1", "amd64", false},
		{"linux-image-6.1.0-56-amd64-unsigned", "6.1.192-2", "6.1", "amd64", false},
		{"linux-image-6.1.0-56-cloud-amd64-dbg", "6.1.192-2", "6.1", "cloud-amd64", false},
		{"linux-image-6.1-cloud-amd64", "6.1.192-2", "6.1", "cloud-amd64", false},
		{"linux-image-cloud-amd64", "6.1.192-2", "6.1", "cloud-amd64", false},
		{"linux-image-6.12.117+deb13-cloud-amd64", "6.12.117-1", "6.1", "cloud-amd64",
		 false},
		{"linux-image-6.1.0-0.deb11.52-cloud-amd64", "6.1.1-1~deb11u1", "6.1",
		 "cloud-amd64", true},
		{"linux-image-7.2.12+deb13-cloud-amd64", "7.2.12-1~bpo13+1", "7.2", "cloud-amd64",
		 true},
		{"linux-headers-6.1.0-56-cloud-amd64", "6.1.192-2", "6.1", "cloud-amd64", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(c) / sizeof(*c); i++)
		assert_int_equal(debian_is_image(c[i].package, c[i].has, c[i].want, c[i].flavour),
				 c[i].is);
}

static void test_newest(void **state)
{
	struct apt_package v[] = {
		{"linux-image-6.1.0-9-cloud-amd64", "6.1.9-1", "bookworm"},
		{"linux-image-6.1.0-56-cloud-amd64", "6.1.192-2", "bookworm-security"},
		{"linux-image-6.1.0-0.deb11.52-cloud-amd64", "6.1.192-2~deb11u1", "bullseye"},
		{"linux-image-6.12.9+deb13-cloud-amd64", "6.12.9-1", "trixie"},
		{"linux-image-5.10.0-46-cloud-amd64", "5.10.262-1", "bullseye"},
	};
	struct apt_packages all = {v, 5}, none = {0};
	struct err err;

	(void)state;
	assert_ptr_equal(debian_newest(&all, "6.1", "cloud-amd64", &err), &v[1]);
	assert_ptr_equal(debian_newest(&all, "6", "cloud-amd64", &err), &v[3]);
	assert_null(debian_newest(&all, "4.19", "cloud-amd64", &err));
	assert_string_equal(err.text, "Debian has no kernel 4.19 of flavour cloud-amd64; "
				      "there are: 5.10 6.1 6.12");
	assert_null(debian_newest(&none, "6.1", "foo", &err));
	assert_non_null(strstr(err.text, "'foo'"));
}

static void test_own_depends(void **state)
{
	struct strv v = STRV_INIT;

	(void)state;
	debian_own_depends("dracut | initramfs-tools (>= 0.120+deb8u2), linux-base (>= 4), "
			   "linux-base-7.2.12+deb13-cloud-amd64 (= 7.2.12-1), "
			   "linux-binary-7.2.12+deb13-cloud-amd64 (= 7.2.12-1), "
			   "linux-modules-7.2.11+deb13-cloud-amd64 (= 7.2.11-1)",
			   "linux-image-7.2.12+deb13-cloud-amd64", &v);
	assert_int_equal(v.n, 2);
	assert_string_equal(v.v[0], "linux-base-7.2.12+deb13-cloud-amd64");
	assert_string_equal(v.v[1], "linux-binary-7.2.12+deb13-cloud-amd64");
	strv_release(&v);
}

static void test_place(void **state)
{
	static const char *const c[][2] = {
		{"boot/vmlinuz-6.1.0-56-amd64", "vmlinuz"},
		{"boot/config-6.1.0-56-amd64", "config"},
		{"boot/System.map-6.1.0-56-amd64", "System.map"},
		{"boot/vmlinuzx", NULL},
		{"usr/lib/modules/7.2/vmlinuz", "vmlinuz"},
		{"usr/lib/modules/7.2/config", "config"},
		{"usr/lib/modules/7.2/System.map", "System.map"},
		{"usr/lib/modules/7.2/kernel/mm/config", "lib/modules/7.2/kernel/mm/config"},
		{"usr/lib/modules/7.2/modules.order", "lib/modules/7.2/modules.order"},
		{"lib/modules/6.1/kernel/a.ko", "lib/modules/6.1/kernel/a.ko"},
		{"lib/modules/", NULL},
		{"usr/share/doc/x", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(c) / sizeof(*c); i++) {
		char *to = kernel_cache_place(NULL, c[i][0]);

		if (c[i][1])
			assert_string_equal(to, c[i][1]);
		else
			assert_null(to);
		free(to);
	}
}

static void test_qemu(void **state)
{
	struct strv argv = STRV_INIT;
	struct str line = STR_INIT;
	char *to;

	(void)state;
	qemu_fetch_argv("/t", &argv);
	strv_quote(&argv, &line);
	assert_string_equal(str_text(&line),
			    "env QEMU_MODULE_DIR=/t/usr/lib/x86_64-linux-gnu/qemu "
			    "/t/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 --library-path "
			    "/t/usr/lib/x86_64-linux-gnu /t/usr/bin/qemu-system-x86_64 "
			    "-L /t/usr/share/qemu -L /t/usr/share/seabios");
	strv_release(&argv);
	str_release(&line);
	to = qemu_fetch_place(NULL, "lib/x86_64-linux-gnu/libc.so.6");
	assert_string_equal(to, "usr/lib/x86_64-linux-gnu/libc.so.6");
	free(to);
	assert_null(qemu_fetch_place(NULL, "usr/bin/passwd"));
	assert_null(qemu_fetch_place(NULL, "etc/passwd"));
	to = qemu_fetch_place(NULL, "usr/bin/qemu-system-x86_64");
	assert_non_null(to);
	free(to);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spec),	    cmocka_unit_test(test_bad_spec),
		cmocka_unit_test(test_is_image),    cmocka_unit_test(test_newest),
		cmocka_unit_test(test_own_depends), cmocka_unit_test(test_place),
		cmocka_unit_test(test_qemu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
