/* What a campaign writes for GRUB and systemd, and what it reads of kernels before it trusts them.
 */
#include "tests/unit/check.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include "runner/campaign/bootable.h"
#include "runner/campaign/grub.h"
#include "runner/campaign/packages.h"
#include "runner/campaign/systemd.h"

static const struct grub_entry arms[] = {
	{"old", "/boot/vmlinuz-5.10", "/boot/initrd.img-5.10",
	 "root=UUID=x ro panic=10 dyndbg=\"a $b\""},
	{"new", "/boot/vmlinuz-6.1", NULL, "root=UUID=x"},
};

static void test_entries(void **state)
{
	struct str out = STR_INIT, again = STR_INIT, gone = STR_INIT;
	struct err err;

	(void)state;
	assert_int_equal(grub_text("set mine=1", arms, 2, "abcd", NULL, &out, &err), 0);
	assert_string_equal(
		out.buf,
		"set mine=1\n"
		"### BEGIN mlocklab campaign ###\n"
		"export mlocklab_boot\n"
		"menuentry 'mlocklab old' --id 'mlocklab-old' {\n"
		"\tsearch --no-floppy --fs-uuid --set=root abcd\n"
		"\techo 'mlocklab: old, boot '\"${mlocklab_boot}\"\n"
		"\tlinux '/boot/vmlinuz-5.10' 'root=UUID=x' 'ro' 'panic=10' 'dyndbg=\"a' '$b\"'"
		" mlocklab.boot=${mlocklab_boot}\n"
		"\tinitrd '/boot/initrd.img-5.10'\n"
		"}\n"
		"menuentry 'mlocklab new' --id 'mlocklab-new' {\n"
		"\tsearch --no-floppy --fs-uuid --set=root abcd\n"
		"\techo 'mlocklab: new, boot '\"${mlocklab_boot}\"\n"
		"\tlinux '/boot/vmlinuz-6.1' 'root=UUID=x' mlocklab.boot=${mlocklab_boot}\n"
		"}\n"
		"### END mlocklab campaign ###\n");
	/* it takes its own place, and leaves what was there, also when it goes */
	assert_int_equal(grub_text(out.buf, arms, 2, "abcd", NULL, &again, &err), 0);
	assert_string_equal(again.buf, out.buf);
	assert_int_equal(grub_text(out.buf, NULL, 0, "", NULL, &gone, &err), 0);
	assert_string_equal(gone.buf, "set mine=1\n");
	str_release(&gone);
	assert_int_equal(grub_text("### BEGIN mlocklab campaign ###\nmenuentry", NULL, 0, "", NULL,
				   &gone, &err),
			 0);
	assert_int_equal(gone.len, 0);
	str_release(&gone);
	str_release(&out);
	str_release(&again);
}

/* The default is pinned while kernels are installed, before there are entries and with them. */
static void test_pin(void **state)
{
	struct str out = STR_INIT, gone = STR_INIT;
	struct err err;

	(void)state;
	assert_int_equal(grub_text("", NULL, 0, "", "sub>entry", &out, &err), 0);
	assert_string_equal(out.buf, "### BEGIN mlocklab campaign ###\n"
				     "if [ \"${boot_once}\" != true ]; then\n"
				     "\tset default='sub>entry'\n"
				     "fi\n"
				     "export mlocklab_boot\n"
				     "### END mlocklab campaign ###\n");
	assert_int_equal(grub_text(out.buf, NULL, 0, "", NULL, &gone, &err), 0);
	assert_int_equal(gone.len, 0);
	str_release(&out);
	str_release(&gone);
}

static void test_entry_of(void **state)
{
	/* as Debian's update-grub writes them, less what is of no matter here */
	static const char cfg[] =
		"menuentry 'Debian GNU/Linux' --class os $menuentry_id_option 'gnulinux-simple-U' "
		"{\n"
		"	linux /boot/vmlinuz-6.1.0-56-amd64\n"
		"}\n"
		"submenu 'Advanced options for Debian GNU/Linux' $menuentry_id_option "
		"'gnulinux-advanced-U' {\n"
		"	menuentry 'Linux 6.1.0-56-amd64' --class os $menuentry_id_option "
		"'gnulinux-6.1.0-56-amd64-advanced-U' {\n"
		"		linux /boot/vmlinuz-6.1.0-56-amd64\n"
		"	}\n"
		"	menuentry 'Linux 6.1.0-56-amd64 (recovery mode)' $menuentry_id_option "
		"'gnulinux-6.1.0-56-amd64-recovery-U' {\n"
		"	}\n"
		"}\n"
		"menuentry 'Linux 5.10' $menuentry_id_option 'gnulinux-5.10-advanced-U' {\n"
		"}\n";
	char *nested = grub_entry_of(cfg, "6.1.0-56-amd64"), *flat = grub_entry_of(cfg, "5.10");

	(void)state;
	assert_string_equal(nested, "gnulinux-advanced-U>gnulinux-6.1.0-56-amd64-advanced-U");
	assert_string_equal(flat, "gnulinux-5.10-advanced-U");
	assert_null(grub_entry_of(cfg, "6.1.0-56"));
	assert_null(grub_entry_of(cfg, "6.12"));
	assert_null(grub_entry_of("", "5.10"));
	free(nested);
	free(flat);
}

static void test_package(void **state)
{
	const struct kernel k = {.release = "6.12.0-mine"};
	struct str out = STR_INIT;

	(void)state;
	packages_control("mlocklab-kernel-1", &k, &out);
	assert_non_null(strstr(out.buf, "Package: mlocklab-kernel-1\nVersion: 1\n"));
	str_clear(&out);
	packages_script("postinst", &k, &out);
	assert_string_equal(out.buf,
			    "#!/bin/sh\nset -e\n"
			    "depmod '6.12.0-mine'\n"
			    "export DEB_MAINT_PARAMS=\"$*\" INITRD=Yes\n"
			    "[ ! -d /etc/kernel/postinst.d ] ||\n"
			    "\trun-parts --arg='6.12.0-mine' --arg='/boot/vmlinuz-6.12.0-mine' "
			    "/etc/kernel/postinst.d\n");
	str_clear(&out);
	packages_script("postrm", &k, &out);
	assert_null(strstr(out.buf, "depmod"));
	assert_non_null(
		strstr(out.buf, "[ \"$1\" != purge ] || rm -rf '/lib/modules/6.12.0-mine'\n"));
	str_release(&out);
}

static void test_quote(void **state)
{
	const struct grub_entry bad = {"old", "/boot/v", NULL, "a='b'"};
	struct str out = STR_INIT;
	struct err err;

	(void)state;
	assert_int_equal(grub_text("", &bad, 1, "", NULL, &out, &err), -1);
	assert_non_null(strstr(err.text, "\"a='b'\" has a single quote"));
	str_release(&out);
}

static void test_lacks(void **state)
{
	(void)state;
	assert_null(grub_lacks("if [ \"${next_entry}\" ]; source ${config_directory}/custom.cfg"));
	assert_string_equal(grub_lacks("source custom.cfg"), "next_entry");
	assert_string_equal(grub_lacks("next_entry"), "custom.cfg");
}

static void test_modules(void **state)
{
	static const char dep[] = "kernel/drivers/block/virtio_blk.ko: kernel/a.ko\n"
				  "kernel/fs/ext4/ext4.ko.xz: kernel/fs/jbd2/jbd2.ko.xz\n";

	(void)state;
	assert_true(bootable_lists_module(dep, "virtio-blk"));
	assert_true(bootable_lists_module(dep, "virtio_blk"));
	assert_true(bootable_lists_module(dep, "ext4"));
	assert_true(bootable_lists_module(dep, "jbd2"));
	assert_false(bootable_lists_module(dep, "ext"));
	assert_false(bootable_lists_module(dep, "blk"));
	assert_false(bootable_lists_module(dep, "xfs"));
	assert_false(bootable_lists_module("", "xfs"));
}

static void test_signed(void **state)
{
	unsigned char image[512] = "MZ";
	size_t directory = 0x80 + 24 + 112 + 4 * 8;

	(void)state;
	image[0x3c] = 0x80;
	memcpy(image + 0x80, "PE\0\0", 4);
	image[0x80 + 24] = 0x0b;
	image[0x80 + 25] = 0x02;
	assert_false(bootable_is_signed(image, sizeof(image)));
	image[directory + 4] = 1;
	assert_true(bootable_is_signed(image, sizeof(image)));
	assert_false(bootable_is_signed(image, directory + 4));
	assert_false(bootable_is_signed(image, 10));
	image[0x3f] = 0xff;
	assert_false(bootable_is_signed(image, sizeof(image)));
}

static void test_units(void **state)
{
	const struct systemd_units u = {
		"/lab/mlocklab-campaign", "/lab", "/root", "/c", 30, "i6300esb"};
	struct str all = STR_INIT;
	const char *path;
	size_t n = 0;

	(void)state;
	while (systemd_file(&u, n, &path, &all)) {
		assert_int_equal(*path, '/');
		n++;
	}
	assert_int_equal(n, 6);
	/* only the kernel of an arm is reset where its step fails: the fallback stays up */
	assert_non_null(strstr(
		all.buf, "ConditionKernelCommandLine=!mlocklab.boot\nStartLimitIntervalSec=0\n\n"
			 "[Service]\nType=oneshot\nRestart=on-failure\n"));
	assert_non_null(strstr(
		all.buf, "ConditionKernelCommandLine=mlocklab.boot\nFailureAction=reboot-force\n"));
	assert_non_null(strstr(
		all.buf, "ExecStart=\"/lab/mlocklab-campaign\" step\nTimeoutStartSec=30min\n"));
	assert_non_null(strstr(all.buf, "RuntimeWatchdogSec=60\n"));
	assert_non_null(strstr(all.buf, "OnBootSec=35min\n"));
	str_release(&all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries),	 cmocka_unit_test(test_pin),
		cmocka_unit_test(test_entry_of), cmocka_unit_test(test_package),
		cmocka_unit_test(test_quote),	 cmocka_unit_test(test_lacks),
		cmocka_unit_test(test_modules),	 cmocka_unit_test(test_signed),
		cmocka_unit_test(test_units),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
