/* Which kernel lock it is that a function waits for. */
#ifndef ANALYSIS_CAUSE_LOCK_CLASS_H
#define ANALYSIS_CAUSE_LOCK_CLASS_H

#include <stdbool.h>

enum lock_class { LOCK_I_MMAP, LOCK_ANON_VMA, LOCK_MMAP, LOCK_LRUVEC, LOCK_OTHER, LOCK_CLASSES };

/* "i_mmap_rwsem", "anon_vma", "mmap_lock", "lruvec", "other" */
const char *lock_class_name(enum lock_class c);

/*
 * By how it was taken ('R'ead and 'W'rite of semaphores, 'M'utex, 'S'pin) and the function that
 * took it, as the kernel names it (what the compiler adds to a name, ".isra.0", is passed over),
 * from 5.10 to 7.2. *sure is false where that function takes locks of several classes: who else
 * took the same lock may then tell better.
 */
enum lock_class lock_class_of(char mode, const char *caller, bool *sure);

#endif
