/* Work of our own on bytes that others wrote, in a child of ours that is in a jail (lib/jail.h). */
#ifndef LIB_JAILED_H
#define LIB_JAILED_H

#include "lib/err.h"
#include "lib/jail.h"
#include "lib/str.h"

/* What the child does: what is to come back goes into out. 0, or -1 with err. */
typedef int jailed_work(void *arg, struct str *out, struct err *err);

/*
 * Forks, has the child go into the jail and do the work, and waits for it; what it does is seen in
 * `writes` and in out alone. out may be NULL. -1 with the child's err, or with what killed it.
 */
int jailed(const struct jail *j, jailed_work *work, void *arg, struct str *out, struct err *err);

#endif
