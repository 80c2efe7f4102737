#include "analysis/lock-class.h"

#include <stddef.h>
#include <string.h>

const char *lock_class_name(enum lock_class c)
{
	static const char *const names[] = {"i_mmap_rwsem", "anon_vma", "mmap_lock", "lruvec",
					    "other"};

	return names[c];
}

/*
 * What the compiler makes inline in one release stands alone in another, so a function is listed
 * beside those it may be merged into. A release is where a name came, or to which it stood.
 */
static const struct taker {
	const char *function;
	enum lock_class class;
	bool sure;
} takers[] = {
	/* exit, munmap and mapping */
	{"unlink_file_vma", LOCK_I_MMAP, true},
	{"unlink_file_vma_batch_process", LOCK_I_MMAP, true}, /* 6.11 */
	{"vma_link", LOCK_I_MMAP, true},
	{"vma_link_file", LOCK_I_MMAP, true}, /* 6.6 */
	{"__vma_link_file", LOCK_I_MMAP, true},
	{"mmap_region", LOCK_I_MMAP, true},
	{"__mmap_region", LOCK_I_MMAP, true}, /* 6.12 */
	{"__mmap_new_vma", LOCK_I_MMAP, true}, /* 6.13 */
	/* a fork links each file mapping, after it took the mmap_lock of parent and child */
	{"dup_mmap", LOCK_I_MMAP, false},
	{"dup_mm", LOCK_I_MMAP, false},
	{"copy_process", LOCK_I_MMAP, false},
	/* splitting, merging and moving take both locks of the reverse map */
	{"__vma_adjust", LOCK_I_MMAP, false}, /* to 6.2 */
	{"vma_expand", LOCK_I_MMAP, false},   /* 6.1 */
	{"vma_prepare", LOCK_I_MMAP, false},  /* 6.3 */
	{"take_rmap_locks", LOCK_I_MMAP, false},
	{"maybe_take_rmap_locks", LOCK_I_MMAP, false}, /* 6.14 */
	{"move_page_tables", LOCK_I_MMAP, false},
	{"move_ptes", LOCK_I_MMAP, false},
	{"mm_take_all_locks", LOCK_I_MMAP, false},
	/* walks of all mappings of a file page, and truncation */
	{"rmap_walk_file", LOCK_I_MMAP, true},
	{"__rmap_walk_file", LOCK_I_MMAP, true}, /* 6.16 */
	{"unmap_mapping_pages", LOCK_I_MMAP, true},
	{"unmap_mapping_page", LOCK_I_MMAP, true},
	{"unmap_mapping_folio", LOCK_I_MMAP, true},
	{"unmap_mapping_range", LOCK_I_MMAP, true},
	{"pfn_mkclean_range", LOCK_I_MMAP, true},
	{"dax_writeback_one", LOCK_I_MMAP, true},
	{"collect_procs", LOCK_I_MMAP, false},
	{"collect_procs_file", LOCK_I_MMAP, true},
	{"register_for_each_vma", LOCK_I_MMAP, true},
	{"build_map_info", LOCK_I_MMAP, true},
	/* huge pages */
	{"retract_page_tables", LOCK_I_MMAP, true},
	{"collapse_pte_mapped_thp", LOCK_I_MMAP, true},
	{"split_huge_page_to_list", LOCK_I_MMAP, false},
	{"split_huge_page_to_list_to_order", LOCK_I_MMAP, false}, /* 6.9 */
	{"__folio_split", LOCK_I_MMAP, false},			   /* 6.15 */
	{"huge_pmd_share", LOCK_I_MMAP, true},
	{"hugetlb_fault", LOCK_I_MMAP, true},	 /* 5.7 to 6.0 */
	{"hugetlb_no_page", LOCK_I_MMAP, true},	 /* the same */
	{"unmap_ref_private", LOCK_I_MMAP, true},
	{"__unmap_hugepage_range_final", LOCK_I_MMAP, true},
	{"__hugetlb_zap_begin", LOCK_I_MMAP, true}, /* 6.7 */
	{"hugetlb_change_protection", LOCK_I_MMAP, true},
	{"hugetlb_unshare_pmds", LOCK_I_MMAP, true},
	{"move_hugetlb_page_tables", LOCK_I_MMAP, true},
	{"hugetlbfs_fallocate", LOCK_I_MMAP, true},
	{"hugetlbfs_punch_hole", LOCK_I_MMAP, true},
	{"hugetlb_vmtruncate", LOCK_I_MMAP, true},
	{"remove_inode_hugepages", LOCK_I_MMAP, true},
	/* anonymous memory */
	{"rmap_walk_anon", LOCK_ANON_VMA, true},
	{"page_lock_anon_vma_read", LOCK_ANON_VMA, true},  /* to 5.17 */
	{"folio_lock_anon_vma_read", LOCK_ANON_VMA, true}, /* 5.18 */
	{"unlink_anon_vmas", LOCK_ANON_VMA, true},
	{"anon_vma_clone", LOCK_ANON_VMA, true},
	{"anon_vma_fork", LOCK_ANON_VMA, true},
	{"__anon_vma_prepare", LOCK_ANON_VMA, true},
	{"__vma_anon_prepare", LOCK_ANON_VMA, true},
	{"__put_anon_vma", LOCK_ANON_VMA, true},
	/* address spaces */
	{"do_user_addr_fault", LOCK_MMAP, true},
	{"exc_page_fault", LOCK_MMAP, true},
	{"lock_mm_and_find_vma", LOCK_MMAP, true}, /* 6.5 */
	{"vm_mmap_pgoff", LOCK_MMAP, true},
	{"__vm_munmap", LOCK_MMAP, true},
	{"vm_munmap", LOCK_MMAP, true},
	{"vm_brk_flags", LOCK_MMAP, true},
	{"do_mlock", LOCK_MMAP, true},
	{"do_mprotect_pkey", LOCK_MMAP, true},
	{"do_madvise", LOCK_MMAP, true},
	{"madvise_lock", LOCK_MMAP, true}, /* 6.15 */
	{"do_mremap", LOCK_MMAP, true},	   /* 6.16 */
	{"do_mbind", LOCK_MMAP, true},
	{"do_migrate_pages", LOCK_MMAP, true},
	{"migrate_to_node", LOCK_MMAP, true},
	{"kernel_move_pages", LOCK_MMAP, true},
	{"do_pages_move", LOCK_MMAP, true},
	{"do_pages_stat", LOCK_MMAP, true},
	{"move_pages_and_store_status", LOCK_MMAP, true},
	{"add_page_for_migration", LOCK_MMAP, true},
	{"add_folio_for_migration", LOCK_MMAP, true}, /* 6.9 */
	{"__mm_populate", LOCK_MMAP, true},
	{"__get_user_pages_locked", LOCK_MMAP, true},
	{"__access_remote_vm", LOCK_MMAP, true},
	{"exit_mmap", LOCK_MMAP, true},
	{"exit_mm", LOCK_MMAP, true},
	{"mmput", LOCK_MMAP, true},
	{"do_exit", LOCK_MMAP, false},
	{"__oom_reap_task_mm", LOCK_MMAP, true},
	{"task_numa_work", LOCK_MMAP, true},
	{"khugepaged", LOCK_MMAP, false},
	{"khugepaged_scan_mm_slot", LOCK_MMAP, true},
	{"collapse_huge_page", LOCK_MMAP, false},
	{"m_start", LOCK_MMAP, true},
	{"clear_refs_write", LOCK_MMAP, true},
};

/* System calls that hold nothing but the address space's own lock while they work. */
static bool is_mmap_syscall(const char *name, size_t len)
{
	static const char *const starts[] = {"__x64_sys_", "__do_sys_", "__se_sys_", "ksys_"};
	static const char *const calls[] = {"mlock",	"mlock2", "mlockall", "munlock", "munlockall",
					    "mmap_pgoff", "munmap", "mremap", "brk", "mprotect",
					    "remap_file_pages"};

	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++) {
		size_t skip = strlen(starts[i]);

		if (strncmp(name, starts[i], skip) != 0)
			continue;
		for (size_t k = 0; k < sizeof(calls) / sizeof(*calls); k++)
			if (strlen(calls[k]) == len - skip && !strncmp(name + skip, calls[k], len - skip))
				return true;
	}
	return false;
}

/* Functions that spin for the lock of an LRU list, where its own helper is made inline. */
static bool is_lruvec(const char *name, size_t len)
{
	static const char *const users[] = {
		"lock_page_lruvec",	"lock_page_lruvec_irq", "lock_page_lruvec_irqsave",
		"folio_lruvec_lock",	"folio_lruvec_lock_irq", "folio_lruvec_lock_irqsave",
		"pagevec_lru_move_fn",	"folio_batch_move_lru", "__pagevec_lru_add",
		"__page_cache_release", "release_pages",	 "folios_put_refs",
		"mlock_pagevec",	"mlock_folio_batch",	"isolate_lru_page",
		"folio_isolate_lru",	"shrink_inactive_list", "shrink_active_list",
		"shrink_lruvec",	"evict_folios",		"check_move_unevictable_folios",
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
		if (strlen(takers[i].function) == len && !strncmp(takers[i].function, caller, len)) {
			*sure = takers[i].sure;
			return takers[i].class;
		}
	}
	*sure = is_mmap_syscall(caller, len);
	return *sure ? LOCK_MMAP : LOCK_OTHER;
}
