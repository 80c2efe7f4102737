/* How control leaves an instruction, on encodings as objdump shows them. */
#include "tests/unit/check.h"

#include "runner/plugin/insn.h"

#define AT 0xffffffff81000000

static struct insn decode(const char *hex)
{
	uint8_t bytes[16];
	size_t n = 0;
	unsigned byte;

	for (; sscanf(hex, "%2x", &byte) == 1; hex += hex[2] ? 3 : 2)
		bytes[n++] = (uint8_t)byte;
	return insn_decode(bytes, n, AT);
}

static void is(const char *hex, enum insn_kind kind, uint64_t target)
{
	struct insn in = decode(hex);

	if (in.kind != kind || in.target != target)
		print_error("%s\n", hex);
	assert_int_equal(in.kind, kind);
	assert_int_equal(in.target, target);
}

static void jumps(void **state)
{
	(void)state;
	is("eb 10", INSN_DIRECT, AT + 0x12);
	is("eb fe", INSN_DIRECT, AT);
	is("74 05", INSN_DIRECT, AT + 7);
	is("0f 84 00 01 00 00", INSN_DIRECT, AT + 0x106);
	is("e9 fb ff ff ff", INSN_DIRECT, AT);
	is("3e ff e0", INSN_INDIRECT, 0); /* notrack jmp *%rax */
	is("41 ff e3", INSN_INDIRECT, 0); /* jmp *%r11 */
	is("ff 25 00 00 00 00", INSN_INDIRECT, 0);
}

static void calls_and_returns(void **state)
{
	(void)state;
	is("e8 00 01 00 00", INSN_CALL, AT + 0x105);
	is("ff 15 00 00 00 00", INSN_CALL, 0); /* call *mem */
	is("41 ff d3", INSN_CALL, 0);	       /* call *%r11 */
	is("c3", INSN_RET, 0);
	is("f3 c3", INSN_RET, 0);
	is("c2 08 00", INSN_RET, 0);
	is("48 cf", INSN_IRET, 0);
	is("48 0f 07", INSN_IRET, 0);
	is("0f 05", INSN_INDIRECT, 0);
}

static void repeats_itself(void **state)
{
	(void)state;
	is("f3 48 ab", INSN_DIRECT, AT); /* rep stosq */
	is("f3 a4", INSN_DIRECT, AT);
	is("48 ab", INSN_PLAIN, 0);
	is("f3 90", INSN_PLAIN, 0); /* pause */
}

static void plain(void **state)
{
	(void)state;
	is("90", INSN_PLAIN, 0);
	is("ff c0", INSN_PLAIN, 0); /* inc %eax */
	is("ff 33", INSN_PLAIN, 0); /* push (%rbx) */
	is("0f 1f 40 00", INSN_PLAIN, 0);
	/* as much as a page holds of an instruction that runs on */
	is("e8", INSN_PLAIN, 0);
	is("0f", INSN_PLAIN, 0);
	is("66", INSN_PLAIN, 0);
	is("", INSN_PLAIN, 0);
}

static void markers(void **state)
{
	const uint8_t region[] = {0x66, 0x87, 0xdb}, cell[] = {0x66, 0x87, 0xc9};
	const uint8_t other[] = {0x66, 0x87, 0xd2};

	(void)state;
	assert_int_equal(insn_mark(region, 3), MARK_REGION);
	assert_int_equal(insn_mark(cell, 3), MARK_CELL);
	assert_int_equal(insn_mark(other, 3), MARK_NONE);
	assert_int_equal(insn_mark(region, 2), MARK_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jumps),	  cmocka_unit_test(calls_and_returns),
		cmocka_unit_test(repeats_itself), cmocka_unit_test(plain),
		cmocka_unit_test(markers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
