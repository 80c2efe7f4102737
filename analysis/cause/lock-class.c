#include "analysis/cause/lock-class.h"

#include <stddef.h>
#include <string.h>

const char *lock_class_name(enum lock_class c)
{
	static const char *const names[] = {"i_mmap_rwsem", "anon_vma", "mmap_lock", "lruvec",
					    "other"};

	return names[c];
}

/*
 * Functions that call down_read(), down_write() or their kin in the machine code of Debian's
 * kernels: what the compiler makes inline in one release stands alone in another, so a function is
 * listed beside those it was merged into. A release is where a name came, or to which it stood.
 */
static const struct taker {
	const char *function;
	enum lock_class class;
	bool sure;
} takers[] = {
	/* exit, munmap and mapping */
	{"unlink_file_vma", LOCK_I_MMAP, true},
	{"unlink_file_vma_batch_add", LOCK_I_MMAP, true},     /* 6.11, */
	{"unlink_file_vma_batch_final", LOCK_I_MMAP, true},   /* the same, */
	{"unlink_file_vma_batch_process", LOCK_I_MMAP, true}, /* or in both */
	{"vma_link", LOCK_I_MMAP, true},
	{"vma_link_file", LOCK_I_MMAP, true}, /* 6.6 */
	{"mmap_region", LOCK_I_MMAP, true},
	{"__mmap_region", LOCK_I_MMAP, true}, /* 6.12 */
	/* a fork links each file mapping, after it took the mmap_lock of parent and child */
	{"dup_mmap", LOCK_I_MMAP, false},
	{"copy_process", LOCK_I_MMAP, false},
	/* splitting, merging and moving take both locks of the reverse map */
	{"__vma_adjust", LOCK_I_MMAP, false}, /* to 6.2 */
	{"vma_expand", LOCK_I_MMAP, false},   /* 6.1 */
	{"vma_prepare", LOCK_I_MMAP, false},  /* 6.3 */
	{"move_page_tables", LOCK_I_MMAP, false},
	{"mm_take_all_locks", LOCK_I_MMAP, false},
	/* walks of all mappings of a file page, and truncation */
	{"rmap_walk_file", LOCK_I_MMAP, true},
	{"__rmap_walk_file", LOCK_I_MMAP, true}, /* 6.16 */
	{"unmap_mapping_pages", LOCK_I_MMAP, true},
	{"unmap_mapping_page", LOCK_I_MMAP, true},
	{"unmap_mapping_folio", LOCK_I_MMAP, true},
	{"unmap_mapping_range", LOCK_I_MMAP, true},
	{"collect_procs", LOCK_I_MMAP, false},
	{"register_for_each_vma", LOCK_I_MMAP, true},
	/* huge pages */
	{"retract_page_tables", LOCK_I_MMAP, true},
	{"collapse_pte_mapped_thp", LOCK_I_MMAP, true},
	{"collapse_file", LOCK_I_MMAP, true},
	{"split_huge_page_to_list", LOCK_I_MMAP, false},
	{"split_huge_page_to_list_to_order", LOCK_I_MMAP, false}, /* 6.9 */
	{"__folio_split", LOCK_I_MMAP, false},			  /* 6.15 */
	{"huge_pmd_share", LOCK_I_MMAP, true},
	{"hugetlb_fault", LOCK_I_MMAP, true}, /* 5.7 to 6.0 */
	{"hugetlb_cow", LOCK_I_MMAP, true},   /* 5.10 */
	{"hugetlb_wp", LOCK_I_MMAP, true},
	{"copy_hugetlb_page_range", LOCK_I_MMAP, true}, /* to 6.0 */
	{"unmap_single_vma", LOCK_I_MMAP, true},	/* 5.10 */
	{"__unmap_hugepage_range_final", LOCK_I_MMAP, true},
	{"__hugetlb_zap_begin", LOCK_I_MMAP,
	 true}, /* 6.7; as its last deed, so its callers are seen */
	{"unmap_vmas", LOCK_I_MMAP, true},
	{"zap_page_range_single", LOCK_I_MMAP, true},
	{"zap_vma_range_batched", LOCK_I_MMAP, true}, /* 7.2 */
	{"hugetlb_change_protection", LOCK_I_MMAP, true},
	{"hugetlb_unshare_pmds", LOCK_I_MMAP, true},
	{"move_hugetlb_page_tables", LOCK_I_MMAP, true},
	{"hugetlbfs_fallocate", LOCK_I_MMAP, true},
	{"hugetlbfs_setattr", LOCK_I_MMAP, true},
	{"remove_inode_hugepages", LOCK_I_MMAP, true},
	{"pagemap_scan_hugetlb_entry", LOCK_I_MMAP, true}, /* 6.7 */
	/* anonymous memory */
	{"rmap_walk_anon", LOCK_ANON_VMA, true},
	{"page_lock_anon_vma_read", LOCK_ANON_VMA, true},  /* to 5.17 */
	{"folio_lock_anon_vma_read", LOCK_ANON_VMA, true}, /* 5.18 */
	{"unlink_anon_vmas", LOCK_ANON_VMA, true},
	{"anon_vma_clone", LOCK_ANON_VMA, true},
	{"anon_vma_fork", LOCK_ANON_VMA, true},
	{"__anon_vma_prepare", LOCK_ANON_VMA, true},
	{"__put_anon_vma", LOCK_ANON_VMA, true},
	{"expand_downwards", LOCK_ANON_VMA, true},
	{"do_brk_flags", LOCK_ANON_VMA, false},
	{"rmap_walk_ksm", LOCK_ANON_VMA, true},
	/* address spaces */
	{"do_user_addr_fault", LOCK_MMAP, true},
	{"lock_mm_and_find_vma", LOCK_MMAP, true}, /* 6.5 */
	{"mmap_read_lock_maybe_expand", LOCK_MMAP, true},
	{"expand_stack", LOCK_MMAP, true},
	{"vm_mmap_pgoff", LOCK_MMAP, true},
	{"__vm_munmap", LOCK_MMAP, true},
	{"vm_brk_flags", LOCK_MMAP, true},
	{"do_mlock", LOCK_MMAP, true},
	{"do_mprotect_pkey", LOCK_MMAP, true},
	{"do_madvise", LOCK_MMAP, true},
	{"madvise_do_behavior", LOCK_MMAP, true},
	{"madvise_vma_behavior", LOCK_MMAP, true}, /* it waits where it had dropped the lock */
	{"madvise_collapse", LOCK_MMAP, true},
	{"madvise_lock", LOCK_MMAP, true}, /* 6.15 */
	{"do_mremap", LOCK_MMAP, true},	   /* 6.16 */
	{"do_mbind", LOCK_MMAP, true},
	{"kernel_get_mempolicy", LOCK_MMAP, true},
	{"mpol_rebind_mm", LOCK_MMAP, true},
	{"do_migrate_pages", LOCK_MMAP, true},
	{"migrate_to_node", LOCK_MMAP, true},
	{"kernel_move_pages", LOCK_MMAP, true},
	{"do_pages_move", LOCK_MMAP, true},
	{"do_pages_stat", LOCK_MMAP, true},
	{"__mm_populate", LOCK_MMAP, true},
	{"__access_remote_vm", LOCK_MMAP, true},
	{"__get_user_pages_remote", LOCK_MMAP, true}, /* 6.1 */
	{"get_user_pages_remote", LOCK_MMAP, true},
	{"get_user_pages_unlocked", LOCK_MMAP, true},
	{"process_vm_rw_core", LOCK_MMAP, true},
	{"fixup_user_fault", LOCK_MMAP, true},
	{"exit_mmap", LOCK_MMAP, true},
	{"do_exit", LOCK_MMAP, false},
	{"acct_collect", LOCK_MMAP, true},
	{"setup_arg_pages", LOCK_MMAP, true},
	{"try_to_unuse", LOCK_MMAP, true},
	{"__do_sys_swapoff", LOCK_MMAP, false},
	{"khugepaged", LOCK_MMAP, false},
	{"collapse_huge_page", LOCK_MMAP, false},
	{"collapse_single_pmd", LOCK_MMAP, true},
	{"__khugepaged_exit", LOCK_MMAP, true},
	{"m_start", LOCK_MMAP, true},
	{"clear_refs_write", LOCK_MMAP, true},
	{"pagemap_read", LOCK_MMAP, true},
	{"show_smaps_rollup", LOCK_MMAP, true},
};

/* System calls that hold nothing but the address space's own lock while they work. */
static bool is_mmap_syscall(const char *name, size_t len)
{
	static const char *const starts[] = {"__x64_sys_", "__do_sys_"};
	static const char *const calls[] = {"mlock",
					    "mlock2",
					    "mlockall",
					    "munlock",
					    "munlockall",
					    "munmap",
					    "mremap",
					    "brk",
					    "mprotect",
					    "mincore",
					    "msync",
					    "remap_file_pages",
					    "set_mempolicy_home_node",
					    "process_mrelease"};

	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++) {
		size_t skip = strlen(starts[i]);

		if (strncmp(name, starts[i], skip) != 0)
			continue;
		for (size_t k = 0; k < sizeof(calls) / sizeof(*calls); k++)
			if (strlen(calls[k]) == len - skip &&
			    !strncmp(name + skip, calls[k], len - skip))
				return true;
	}
	return false;
}

/*
 * Functions that spin for the lock of an LRU list, where its own helper is made inline. Only
 * tracepoints of contention see them, which came with 5.19.
 */
static bool is_lruvec(const char *name, size_t len)
{
	static const char *const users[] = {
		"folio_lruvec_lock",	"folio_lruvec_lock_irq", "folio_lruvec_lock_irqsave",
		"folio_batch_move_lru", "__page_cache_release",	 "release_pages",
		"folios_put_refs",	"mlock_pagevec",	 "mlock_folio_batch",
		"isolate_lru_page",	"folio_isolate_lru",	 "shrink_active_list",
		"shrink_lruvec",	"evict_folios",		 "check_move_unevictable_folios",
	};

	for (size_t i = 0; i < sizeof(users) / sizeof(*users); i++)
		if (strlen(users[i]) == len && !strncmp(users[i], name, len))
			return true;
	return false;
}

enum lock_class lock_class_of(char mode, const char *caller, bool *sure)
{
	size_t len = strcspn(caller, ".");

	*sure = mode == 'S' && is_lruvec(caller, len);
	if (mode != 'R' && mode != 'W')
		return *sure ? LOCK_LRUVEC : LOCK_OTHER;
	for (size_t i = 0; i < sizeof(takers) / sizeof(*takers); i++) {
		if (strlen(takers[i].function) == len &&
		    !strncmp(takers[i].function, caller, len)) {
			*sure = takers[i].sure;
			return takers[i].class;
		}
	}
	*sure = is_mmap_syscall(caller, len);
	return *sure ? LOCK_MMAP : LOCK_OTHER;
}
