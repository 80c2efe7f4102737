#include "runner/plugin/insn.h"

#include <stdbool.h>
#include <string.h>

static bool is_prefix(uint8_t b)
{
	return b == 0x66 || b == 0x67 || b == 0xf0 || b == 0xf2 || b == 0xf3 || b == 0x26 ||
	       b == 0x2e || b == 0x36 || b == 0x3e || b == 0x64 || b == 0x65;
}

static bool is_string_op(uint8_t op)
{
	return (op >= 0xa4 && op <= 0xa7) || (op >= 0xaa && op <= 0xaf) ||
	       (op >= 0x6c && op <= 0x6f);
}

static uint64_t relative(const uint8_t *at, size_t width, uint64_t next)
{
	int32_t d = 0;

	if (width == 1)
		return next + (int64_t)(int8_t)*at;
	memcpy(&d, at, sizeof(d));
	return next + (int64_t)d;
}

/* Opcodes of two bytes, the first of which is 0f. */
static struct insn decode_0f(const uint8_t *op, size_t left, uint64_t next)
{
	struct insn in = {INSN_PLAIN, 0};

	if (left >= 6 && op[1] >= 0x80 && op[1] <= 0x8f)
		in = (struct insn){INSN_DIRECT, relative(op + 2, 4, next)};
	else if (op[1] == 0x07 || op[1] == 0x35)
		in.kind = INSN_IRET;
	else if (op[1] == 0x05 || op[1] == 0x34)
		in.kind = INSN_INDIRECT;
	return in;
}

/* ff /2 and /3 call, /4 and /5 jump, through a register or memory. */
static enum insn_kind decode_ff(uint8_t modrm)
{
	switch (modrm >> 3 & 7) {
	case 2:
	case 3:
		return INSN_CALL;
	case 4:
	case 5:
		return INSN_INDIRECT;
	default:
		return INSN_PLAIN;
	}
}

struct insn insn_decode(const uint8_t *bytes, size_t size, uint64_t addr)
{
	struct insn in = {INSN_PLAIN, 0};
	const uint8_t *op = bytes, *end = bytes + size;
	uint64_t next = addr + size;
	bool rep = false;

	for (; op < end && is_prefix(*op); op++)
		rep |= *op == 0xf2 || *op == 0xf3;
	if (op < end && *op >= 0x40 && *op <= 0x4f)
		op++;
	if (op >= end)
		return in;
	if (rep && is_string_op(*op))
		return (struct insn){INSN_DIRECT, addr};
	if (end - op >= 2 &&
	    ((*op >= 0x70 && *op <= 0x7f) || (*op >= 0xe0 && *op <= 0xe3) || *op == 0xeb))
		return (struct insn){INSN_DIRECT, relative(op + 1, 1, next)};
	if (end - op >= 5 && (*op == 0xe8 || *op == 0xe9))
		return (struct insn){*op == 0xe8 ? INSN_CALL : INSN_DIRECT,
				     relative(op + 1, 4, next)};
	if (*op == 0x0f && end - op >= 2)
		return decode_0f(op, end - op, next);
	if (*op == 0xff && end - op >= 2)
		in.kind = decode_ff(op[1]);
	else if (*op == 0xc2 || *op == 0xc3 || *op == 0xca || *op == 0xcb)
		in.kind = INSN_RET;
	else if (*op == 0xcf)
		in.kind = INSN_IRET;
	return in;
}

enum mark insn_mark(const uint8_t *bytes, size_t size)
{
	if (size != 3 || bytes[0] != 0x66 || bytes[1] != 0x87)
		return MARK_NONE;
	return bytes[2] == 0xdb ? MARK_REGION : bytes[2] == 0xc9 ? MARK_CELL : MARK_NONE;
}
