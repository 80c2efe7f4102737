/*
 * A guest without a kernel, every instruction of which can be counted by hand: what tests/e2e/profile.sh
 * profiles. It is loaded at 16 MiB, once seen at its own address (low: to the profiler that is user
 * code) and once from where Linux has its code (high: the kernel). The code is the same.
 *
 * Beside each instruction of a region stands its number in its function.
 */
	.set OFFSET, 0xffffffff80000000 /* from low to high */
	.set PAGE, 0x3000000            /* of 2 MiB, not present until it is touched */
	.set ENTRY, pd + 8 * (PAGE >> 21)
	.set DEVICE, 0x3fe00000         /* no memory there */

	.macro REGION
	xchg	%bx, %bx
	.endm
	.macro CELL
	xchg	%cx, %cx
	.endm
	/* Three instructions of user code. */
	.macro SYSCALL function
	lea	9f(%rip), %r15
	movabs	$\function, %rax
	jmp	*%rax
9:
	.endm

	.text
	.globl _text
_text:
	.long	0x1badb002, 0x10000, -(0x1badb002 + 0x10000) /* Multiboot, with addresses */
	.long	_text - OFFSET, _text - OFFSET, 0, end_of_image - OFFSET, start - OFFSET

	.code32
start:
	movl	$pdpt - OFFSET + 3, pml4 - OFFSET
	movl	$pdpt - OFFSET + 3, pml4 - OFFSET + 8 * 511
	movl	$pd - OFFSET + 3, pdpt - OFFSET
	movl	$pd - OFFSET + 3, pdpt - OFFSET + 8 * 510
	movl	$pd - OFFSET, %edi
	movl	$0x83, %eax
	movl	$512, %ecx
1:	movl	%eax, (%edi)
	addl	$0x200000, %eax
	addl	$8, %edi
	loop	1b
	andl	$~1, ENTRY - OFFSET
	movl	%cr4, %eax
	orl	$0x20, %eax
	movl	%eax, %cr4
	movl	$pml4 - OFFSET, %eax
	movl	%eax, %cr3
	movl	$0xc0000080, %ecx
	rdmsr
	orl	$0x100, %eax
	wrmsr
	movl	%cr0, %eax
	orl	$0x80000001, %eax
	movl	%eax, %cr0
	lgdt	gdtr - OFFSET
	ljmp	$8, $long_mode - OFFSET

	.code64
	/* Sets the gate at idt + 16 * vector. */
	.macro GATE vector function
	lea	idt + 16 * \vector(%rip), %rdi
	movabs	$\function, %rax
	movw	%ax, (%rdi)
	movl	$0x8e000008, 2(%rdi)
	shrq	$16, %rax
	movw	%ax, 6(%rdi)
	shrq	$16, %rax
	movl	%eax, 8(%rdi)
	.endm
	.macro OUT port value
	movb	$\value, %al
	outb	%al, $\port
	.endm

long_mode:
	movl	$16, %eax
	movl	%eax, %ds
	movl	%eax, %es
	movl	%eax, %ss
	movabs	$stack + 16384, %rsp
	GATE	14 asm_exc_page_fault
	GATE	32 asm_sysvec_timer
	movabs	$idtr, %rax
	lidt	(%rax)
	OUT	0x43 0x30 /* the timer waits for a count */
	OUT	0x20 0x11 /* vectors 32.., all but the timer masked */
	OUT	0x21 32
	OUT	0x21 4
	OUT	0x21 1
	OUT	0x21 0xfe
	OUT	0xa1 0xff

	/* Outside of regions nothing counts. */
	SYSCALL	do_recursion

	CELL
	REGION
	SYSCALL	do_recursion
	REGION
	SYSCALL	do_recursion
	REGION
	SYSCALL	do_recursion
	REGION

	CELL
	REGION
	SYSCALL	do_fault
	SYSCALL	do_unmap
	movb	PAGE, %al /* 10 of [user], faults */
	nop               /* 11 */
	SYSCALL	do_device
	REGION

	CELL
	REGION
	SYSCALL	do_wait
	REGION

	CELL
	REGION
	SYSCALL	do_fork
	REGION

	/* A cell without a region, and one whose region is never closed. */
	CELL
	CELL
	REGION
	SYSCALL	do_recursion
	nop
	/* with no table of interrupts to look it up in, this ends the machine */
	movabs	$nothing, %rax
	lidt	(%rax)
	int3

	.macro FUNCTION name
	.balign 16
	.globl \name
	.type \name, @function
\name:
	.endm

/* --- calls --- */

FUNCTION do_recursion
	movl	$3, %edi        /* 1 */
	call	factorial       /* 2 */
	call	tail            /* 3 */
	jmp	*%r15           /* 4 */

FUNCTION factorial /* 6 instructions, 3 at the bottom */
	testl	%edi, %edi      /* 1 */
	jz	1f              /* 2 */
	decl	%edi            /* 3 */
	call	factorial       /* 4 */
	nop                     /* 5 */
1:	ret                     /* 6 */

FUNCTION tail
	nop                     /* 1 */
	jmp	tail_called     /* 2 */

FUNCTION tail_called
	ret                     /* 1 */

/* --- faults --- */

FUNCTION do_fault
	call	touch           /* 1 */
	jmp	*%r15           /* 2 */

FUNCTION touch
	nop                     /* 1 */
	movb	PAGE, %al       /* 2, faults and is executed again */
	nop                     /* 3 */
	ret                     /* 4 */

FUNCTION do_unmap
	andb	$~1, ENTRY(%rip) /* 1 */
	invlpg	PAGE             /* 2 */
	jmp	*%r15            /* 3 */

FUNCTION do_device
	nop                     /* 1 */
	movb	DEVICE, %al     /* 2 */
	nop                     /* 3 */
	jmp	*%r15           /* 4 */

FUNCTION asm_exc_page_fault
	call	map_page        /* 1 */
	addq	$8, %rsp        /* 2 */
	iretq                   /* 3 */

FUNCTION map_page
	orb	$1, ENTRY(%rip) /* 1 */
	ret                     /* 2 */

/* --- an interrupt in the middle of a call --- */

FUNCTION do_wait
	call	set_timer       /* 1 */
	call	spin            /* 2 */
	jmp	*%r15           /* 3 */

FUNCTION set_timer /* 100 of its ticks are 84000 instructions */
	movb	$100, %al       /* 1 */
	outb	%al, $0x40      /* 2 */
	movb	$0, %al         /* 3 */
	outb	%al, $0x40      /* 4 */
	sti                     /* 5 */
	ret                     /* 6 */

FUNCTION spin /* 200002 instructions */
	movl	$100000, %ecx
1:	decl	%ecx
	jnz	1b
	ret

FUNCTION asm_sysvec_timer
	pushq	%rax            /* 1 */
	call	acknowledge     /* 2 */
	popq	%rax            /* 3 */
	iretq                   /* 4 */

FUNCTION acknowledge
	movb	$0x20, %al      /* 1 */
	outb	%al, $0x20      /* 2 */
	ret                     /* 3 */

/* --- a new task, and switches inside of calls --- */

FUNCTION do_fork
	call	make_child      /* 1 */
	call	parent_works    /* 2 */
	jmp	*%r15           /* 3 */

FUNCTION make_child
	lea	child_stack + 16376(%rip), %rdx /* 1 */
	lea	ret_from_fork(%rip), %rax       /* 2 */
	movq	%rax, (%rdx)                    /* 3 */
	movq	%rdx, other(%rip)               /* 4 */
	ret                                     /* 5 */

FUNCTION switch_to
	movq	%rsp, %rax        /* 1 */
	movq	other(%rip), %rsp /* 2 */
	movq	%rax, other(%rip) /* 3 */
	ret                       /* 4 */

FUNCTION parent_works
	nop                     /* 1 */
	call	switch_to       /* 2, the child begins */
	nop                     /* 3 */
	call	switch_to       /* 4, the child goes on */
	ret                     /* 5 */

FUNCTION ret_from_fork
	call	child_works     /* 1 */

FUNCTION child_works
	nop                     /* 1 */
	call	switch_to       /* 2, the parent goes on */
	nop                     /* 3 */
	call	switch_to       /* 4, and never comes back */

	.balign 16
gdt:	.quad	0, 0x00af9a000000ffff, 0x00cf92000000ffff
gdtr:	.word	gdtr - gdt - 1
	.long	gdt - OFFSET
idtr:	.word	33 * 16 - 1
	.quad	idt
nothing:
	.word	0
	.quad	0
other:	.quad	0

	.balign 4096
pml4:	.skip	4096
pdpt:	.skip	4096
pd:	.skip	4096
idt:	.skip	4096
	.balign 16384
stack:	.skip	16384
child_stack:
	.skip	16384
end_of_image:
