#include "lib/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Of linux/mount.h, which older systems lack, and which does not go with sys/mount.h. */
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442
#endif
#define RECURSIVE 0x8000 /* AT_RECURSIVE */
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC 4
#endif
struct attributes {
	uint64_t set, clear, propagation, user_namespace;
};
#define READ_ONLY 1 /* MOUNT_ATTR_RDONLY */

static int set_read_only(const char *path, bool on, unsigned flags)
{
	struct attributes a = {on ? READ_ONLY : 0, on ? 0 : READ_ONLY, 0, 0};

	return (int)syscall(SYS_mount_setattr, AT_FDCWD, path, flags, &a, sizeof(a));
}

/* --- what is out of reach of nobody --- */

/* The topmost directory above a path that nobody may not enter, a new string; NULL: there is none.
 */
static char *closed_above(const char *path)
{
	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		char *dir = xstrndup(path, (size_t)(slash - path));
		struct stat st;

		if (stat(dir, &st) == 0 && S_ISDIR(st.st_mode) && !(st.st_mode & S_IXOTH))
			return dir;
		free(dir);
	}
	return NULL;
}

/* Where a path that was covered is to be seen again: an empty file or directory in what covers it.
 */
static int make_place(const char *path, mode_t mode)
{
	char *copy = xstrdup(path);
	int fd;

	for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(copy, 0755);
		*slash = '/';
	}
	free(copy);
	if (S_ISDIR(mode))
		return mkdir(path, 0755) < 0 && errno != EEXIST ? -1 : 0;
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	return fd < 0 ? -1 : close(fd);
}

struct seen {
	char *path; /* absolute, without symbolic links */
	int fd;	    /* what is there, before anything is covered */
};

/*
 * Covers the closed directory above each path by an empty one, in which the paths are as they were.
 * They are held by descriptors before the first is covered.
 */
static int uncover(const struct seen *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *closed = closed_above(v[i].path);
		int ret = closed ? mount("tmpfs", closed, "tmpfs", MS_NOSUID | MS_NODEV,
					 "mode=755,size=1m")
				 : 0;

		free(closed);
		if (ret < 0)
			return -1;
	}
	for (size_t i = 0; i < n; i++) {
		char *from = xasprintf("/proc/self/fd/%d", v[i].fd);
		struct stat now, was;
		int ret = fstat(v[i].fd, &was);

		/* still to be seen, itself or below what is */
		if (ret == 0 && (stat(v[i].path, &now) < 0 || now.st_dev != was.st_dev ||
				 now.st_ino != was.st_ino)) {
			ret = make_place(v[i].path, was.st_mode);
			if (ret == 0)
				ret = mount(from, v[i].path, "none", MS_BIND | MS_REC, NULL);
		}
		free(from);
		if (ret < 0)
			return -1;
	}
	return 0;
}

static void hold(struct seen *v, size_t *n, const char *path)
{
	char *whole = path ? realpath(path, NULL) : NULL;
	int fd = whole ? open(whole, O_PATH | O_CLOEXEC) : -1;

	if (fd >= 0)
		v[(*n)++] = (struct seen){whole, fd};
	else
		free(whole);
}

/* Everything read-only but one directory, and what nobody could not reach within reach. */
static bool change_mounts(const struct jail *j, bool for_nobody)
{
	char *here = getcwd(NULL, 0), *writes = j->writes ? realpath(j->writes, NULL) : NULL;
	size_t most = 2, n = 0;
	struct seen *v;
	bool ok = mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0;
	mode_t mask = umask(022);

	for (size_t i = 0; j->reads && j->reads[i]; i++)
		most++;
	v = xcalloc(most, sizeof(*v));
	if (for_nobody) {
		for (size_t i = 0; j->reads && j->reads[i]; i++)
			hold(v, &n, j->reads[i]);
		hold(v, &n, writes);
		ok = ok && uncover(v, n) == 0;
		/* what is named from here goes on being found; an empty place is enough for that */
		if (ok && here && chdir(here) < 0)
			ok = make_place(here, S_IFDIR) == 0;
	}
	if (ok && writes)
		ok = mount(writes, writes, "none", MS_BIND | MS_REC, NULL) == 0;
	ok = ok && set_read_only("/", true, RECURSIVE) == 0 &&
	     (!writes || set_read_only(writes, false, RECURSIVE) == 0);
	/* into what now lies there */
	if (here && chdir(here) < 0 && chdir("/") < 0)
		ok = false;
	for (size_t i = 0; i < n; i++) {
		free(v[i].path);
		close(v[i].fd);
	}
	umask(mask);
	free(v);
	free(writes);
	free(here);
	return ok;
}

/* --- who it is --- */

static bool put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, text, strlen(text)) >= 0;

	if (fd >= 0)
		close(fd);
	return ok;
}

/* As somebody in a user name space of ours: the same uid inside, or its files would be strange. */
static bool map_user(uid_t uid, gid_t gid)
{
	char *user = xasprintf("%u %u 1", uid, uid), *group = xasprintf("%u %u 1", gid, gid);
	bool ok = put("/proc/self/setgroups", "deny") && put("/proc/self/uid_map", user) &&
		  put("/proc/self/gid_map", group);

	free(user);
	free(group);
	return ok;
}

static bool all_readable(const struct jail *j)
{
	if (j->writes && faccessat(AT_FDCWD, j->writes, X_OK, AT_EACCESS) < 0)
		return false;
	for (size_t i = 0; j->reads && j->reads[i]; i++)
		if (faccessat(AT_FDCWD, j->reads[i], R_OK, AT_EACCESS) < 0)
			return false;
	return true;
}

/* The group that may use a device that is needed: of /dev/kvm, most often. */
static size_t device_groups(const struct jail *j, gid_t *groups, size_t most)
{
	size_t n = 0;

	for (size_t i = 0; j->reads && j->reads[i] && n < most; i++) {
		struct stat st;

		if (stat(j->reads[i], &st) == 0 && S_ISCHR(st.st_mode) && st.st_gid != 0 &&
		    (st.st_mode & S_IRGRP))
			groups[n++] = st.st_gid;
	}
	return n;
}

/* From root to nobody, where nobody can read what is needed. */
static bool become_nobody(const struct jail *j)
{
	gid_t groups[8];
	size_t n = device_groups(j, groups, 8);

	if (setgroups(n, groups) < 0)
		return false;
	if (setegid(JAIL_UID) < 0 || seteuid(JAIL_UID) < 0 || !all_readable(j)) {
		if (seteuid(0) < 0 || setegid(0) < 0 || setgroups(0, NULL) < 0)
			_exit(126);
		return false;
	}
	if (seteuid(0) < 0)
		_exit(126);
	return setresgid(JAIL_UID, JAIL_UID, JAIL_UID) == 0 &&
	       setresuid(JAIL_UID, JAIL_UID, JAIL_UID) == 0;
}

/* None to get by executing, which would give uid 0 all of them: takes a capability itself. */
static void bound_capabilities(void)
{
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	prctl(PR_SET_SECUREBITS, SECBIT_NOROOT | SECBIT_NOROOT_LOCKED, 0, 0, 0);
}

static bool drop_capabilities(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {{0}};

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (syscall(SYS_capset, &head, none) < 0)
		return false;
	/* with uid 0 it is only so where executing gives nothing back */
	return getuid() != 0 || (prctl(PR_GET_SECUREBITS, 0, 0, 0, 0) & SECBIT_NOROOT) ||
	       prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN, 0, 0, 0) == 0;
}

/* --- the whole --- */

/* Never above what we were given ourselves. */
static void limit(int what, unsigned long long bytes)
{
	struct rlimit r;

	if (getrlimit((__rlimit_resource_t)what, &r) < 0)
		return;
	if (r.rlim_max == RLIM_INFINITY || r.rlim_max > bytes)
		r.rlim_max = bytes;
	if (r.rlim_cur == RLIM_INFINITY || r.rlim_cur > r.rlim_max)
		r.rlim_cur = r.rlim_max;
	setrlimit((__rlimit_resource_t)what, &r);
}

unsigned jail_enter(const struct jail *j)
{
	const int spaces = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC;
	bool root = geteuid() == 0;
	uid_t uid = geteuid();
	gid_t gid = getegid();
	unsigned holds = 0;

	/* what we have open is not for it */
	syscall(SYS_close_range, 3u, ~0u, CLOSE_RANGE_CLOEXEC);
	limit(RLIMIT_CORE, 0);
#ifndef __SANITIZE_ADDRESS__ /* which reserves terabytes of addresses */
	if (j->memory)
		limit(RLIMIT_AS, j->memory);
#endif
	if (j->file)
		limit(RLIMIT_FSIZE, j->file);
	if (root ? unshare(spaces) == 0
		 : unshare(CLONE_NEWUSER | spaces) == 0 && map_user(uid, gid)) {
		holds |= JAIL_OWN_NETWORK;
		if (change_mounts(j, root && !j->keep_uid))
			holds |= JAIL_READ_ONLY;
	}
	bound_capabilities();
	if (root && !j->keep_uid)
		become_nobody(j);
	if (getuid() != 0)
		holds |= JAIL_NOT_ROOT;
	if (drop_capabilities())
		holds |= JAIL_NO_CAPABILITIES;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		holds |= JAIL_NO_NEW_PRIVS;
	return holds;
}

unsigned jail_try(const struct jail *j)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0)
		_exit((int)jail_enter(j));
	while (pid > 0 && waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 0;
	return pid > 0 && WIFEXITED(status) ? (unsigned)WEXITSTATUS(status) & JAIL_ALL : 0;
}

void jail_lacks(unsigned holds, struct str *out)
{
	static const char *const lacks[] = {"it may gain rights by what it executes",
					    "it has capabilities", "its uid is root's",
					    "it shares our network",
					    "it may write to every file its user may write to"};

	for (size_t i = 0; i < sizeof(lacks) / sizeof(*lacks); i++)
		if (!(holds & 1u << i))
			str_addf(out, "%s%s", out->len ? ", " : "", lacks[i]);
}

int jail_lend(const char *path, bool its)
{
	int fd, ret;

	if (geteuid() != 0)
		return 0;
	fd = open(path, O_WRONLY | (its ? O_CREAT : 0) | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return -1;
	/* the group is for who must stay root's uid, and has no right over others' files any more
	 */
	ret = fchown(fd, its ? JAIL_UID : 0, 0);
	if (ret == 0)
		ret = fchmod(fd, its ? 0664 : 0644);
	close(fd);
	return ret;
}

int jail_show(const char *path)
{
	int fd = geteuid() == 0 ? open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC) : -1, ret;
	struct stat st;

	if (geteuid() != 0)
		return 0;
	if (fd < 0)
		return -1;
	ret = fstat(fd, &st);
	if (ret == 0)
		ret = fchmod(fd, (st.st_mode & 07777) | (S_ISDIR(st.st_mode) ? S_IXOTH : S_IROTH));
	close(fd);
	return ret;
}
