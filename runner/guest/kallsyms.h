/* What the kernel says its functions are called and where they lie. */
#ifndef GUEST_KALLSYMS_H
#define GUEST_KALLSYMS_H

#include "lib/err.h"
#include "lib/frame.h"

/*
 * Sends the lines of /proc/kallsyms that name code of the kernel itself, some thousands a message:
 * {"t":"symbols","text":"ffffffff81000000 T _text\n..."}. 0, or -1 with err.
 */
int kallsyms_send(struct frame_writer *out, struct err *err);

#endif
