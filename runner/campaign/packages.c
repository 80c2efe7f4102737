#include "runner/campaign/packages.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "lib/fs.h"
#include "lib/json.h"
#include "lib/paths.h"
#include "lib/spawn.h"
#include "runner/campaign/bootable.h"
#include "runner/campaign/state.h"
#include "runner/debian/deb.h"
#include "runner/kernels/configure.h"
#include "runner/kernels/resolve.h"
#include "runner/kernels/spec.h"

/* The packages that are to be removed at the end. */
static const char list_path[] = CAMPAIGN_DIR "/packages.json";
/* Where what is built becomes a package. */
static const char pack_dir[] = CAMPAIGN_DIR "/pack";

/* --- what dpkg has --- */

/* "install ok installed 6.1.192-2", or "" where it has never heard of it. */
static void ask_dpkg(const char *name, struct str *out)
{
	char *argv[] = {"dpkg-query", "-W", "-f", "${db:Status-Status} ${Version}",
			(char *)name, NULL};
	struct err ignored;

	if (spawn_capture(argv, out, &ignored) < 0)
		str_clear(out);
}

static bool is_there(const char *name)
{
	struct str said = STR_INIT;
	bool is;

	ask_dpkg(name, &said);
	is = said.len && strncmp(said.buf, "not-installed", 13) != 0;
	str_release(&said);
	return is;
}

/* --- finding them --- */

static int resolve(struct packaged *a, const char *spec, const struct run_options *o,
		   struct err *err)
{
	char *cache = paths_cache(), *config = paths_config("kernel/debian.ini");
	struct kernel_recipe recipe = {0};
	struct kernel_opts opts = {.cache = cache,
				   .config = config,
				   .tree = o->tree,
				   .recipe = &recipe,
				   .modules = true};
	int ret;

	kernel_recipe_set(&recipe, o->config, &o->fragments);
	ret = kernel_resolve(&a->kernel, spec, &opts, err);
	kernel_recipe_release(&recipe);
	free(cache);
	free(config);
	return ret;
}

/* A package file that is to be installed, unless it is there in this very version. */
static int add_deb(struct packages *p, struct packaged *a, const char *file, struct err *err)
{
	char *path = realpath(file, NULL);
	struct str said = STR_INIT;
	struct deb_control c;
	int ret = path ? deb_control(&c, path, err) : err_sys(err, "cannot read '%s'", file);

	if (ret < 0) {
		free(path);
		return ret;
	}
	ask_dpkg(c.package, &said);
	if (strncmp(str_text(&said), "installed ", 10) != 0) {
		strv_push(&a->debs, path);
		strv_push(&p->names, c.package);
	} else if (strcmp(said.buf + 10, c.version) != 0) {
		ret = err_set(err,
			      "'%s' is version %s of %s, and this machine has %s: a campaign "
			      "replaces no package; remove that one first",
			      file, c.version, c.package, said.buf + 10);
	}
	str_release(&said);
	deb_control_release(&c);
	free(path);
	return ret;
}

/* Whether a file is this kernel's image. */
static bool is_image_of(const char *path, const struct kernel *k)
{
	struct err ignored;
	char sum[65];

	return fs_sha256(path, sum, &ignored) == 0 && strcmp(sum, k->sha256) == 0;
}

/* Whether it is there already, or comes with an arm before it; no other kernel may have its place.
 */
static int check_place(struct packages *p, struct packaged *a, struct err *err)
{
	char *image = xasprintf("/boot/vmlinuz-%s", a->kernel.release);
	char *modules = xasprintf("/lib/modules/%s", a->kernel.release);
	int ret = 0;

	a->here = fs_exists(image);
	if (a->here && !is_image_of(image, &a->kernel))
		ret = err_set(err,
			      "%s is another kernel than '%s', and of the same release: build it "
			      "with a CONFIG_LOCALVERSION of its own, or remove that one first",
			      a->spec, image);
	else if (!a->here && fs_exists(modules))
		ret = err_set(err, "'%s' is there, and no '%s': remove these modules first",
			      modules, image);
	for (struct packaged *b = p->v; ret == 0 && b < a; b++) {
		if (!b->spec || strcmp(b->kernel.release, a->kernel.release) != 0)
			continue;
		if (strcmp(b->kernel.sha256, a->kernel.sha256) != 0)
			ret = err_set(err,
				      "%s and %s are two kernels of one release, %s, whose modules "
				      "have one place: build one with a CONFIG_LOCALVERSION of its "
				      "own",
				      b->spec, a->spec, a->kernel.release);
		a->here = true;
	}
	free(modules);
	free(image);
	return ret;
}

/* One arm's. */
static int find(struct packages *p, struct packaged *a, struct arm *arm, size_t i,
		const struct run_options *o, const char *watchdog, struct err *err)
{
	struct kernel_spec s;
	int ret = kernel_spec_parse(&s, arm->spec, err);

	if (ret == 0 && s.kind == SPEC_BOOT) {
		ret = resolve(a, arm->spec, o, err);
		kernel_release(&a->kernel);
	}
	if (ret < 0 || s.kind == SPEC_BOOT) {
		kernel_spec_release(&s);
		return ret;
	}
	if (s.kind != SPEC_DEB && s.kind != SPEC_BUILT && s.kind != SPEC_GIT)
		ret = err_set(err,
			      "kernel '%s' is not one that a campaign brings to this machine: "
			      "install it, and name it boot:RELEASE, as in /boot/vmlinuz-RELEASE; "
			      "or deb:FILE, git:REV or built:NAME",
			      arm->spec);
	a->spec = xstrdup(arm->spec);
	if (ret == 0)
		ret = resolve(a, arm->spec, o, err);
	if (ret == 0)
		ret = check_place(p, a, err);
	if (ret == 0 && !a->here)
		ret = bootable_check_before(&a->kernel, watchdog, err);
	for (size_t k = 0; ret == 0 && !a->here && k < s.debs.n; k++)
		ret = add_deb(p, a, s.debs.v[k], err);
	if (ret == 0 && !a->here && s.kind != SPEC_DEB) {
		strv_pushf(&p->names, "mlocklab-kernel-%zu", i + 1);
		if (is_there(p->names.v[p->names.n - 1]))
			ret = err_set(err, "the package '%s' is there: remove it first",
				      p->names.v[p->names.n - 1]);
	}
	kernel_spec_release(&s);
	if (ret < 0)
		return ret;
	free(arm->spec);
	arm->spec = xasprintf("boot:%s", a->kernel.release);
	return 0;
}

/* --- room for them --- */

static unsigned long long size_of(const char *path)
{
	char *argv[] = {"du", "-sb", (char *)path, NULL};
	struct str said = STR_INIT;
	struct err ignored;
	unsigned long long n = 0;

	if (spawn_capture(argv, &said, &ignored) == 0)
		n = strtoull(str_text(&said), NULL, 10);
	str_release(&said);
	return n;
}

/* What the initramfs that runs this machine takes, as far as it can be found. */
static unsigned long long size_of_initrd(void)
{
	struct utsname u;
	struct stat st;
	char *path;

	uname(&u);
	path = xasprintf("/boot/initrd.img-%s", u.release);
	if (stat(path, &st) < 0)
		st.st_size = 64 << 20;
	free(path);
	return (unsigned long long)st.st_size;
}

static int check_room(const struct packages *p, struct err *err)
{
	struct {
		const char *dir;
		unsigned long long bytes;
		dev_t on;
	} need[] = {{"/boot", 0, 0}, {"/lib/modules", 0, 0}, {"/var/lib", 0, 0}};
	const size_t n = sizeof(need) / sizeof(*need);

	for (size_t i = 0; i < p->n; i++) {
		const struct packaged *a = &p->v[i];
		struct stat st;

		if (!a->spec || a->here)
			continue;
		if (stat(a->kernel.image, &st) == 0)
			need[0].bytes += (unsigned long long)st.st_size + size_of_initrd();
		if (a->kernel.modules)
			need[1].bytes += size_of(a->kernel.modules);
		/* the tree of a package, and the package */
		if (!a->debs.n && a->kernel.modules)
			need[2].bytes += 2 * size_of(a->kernel.modules);
	}
	for (size_t i = 0; i < n; i++) {
		unsigned long long sum = 0;
		struct statvfs v;
		struct stat st;

		need[i].on = stat(need[i].dir, &st) == 0 ? st.st_dev : 0;
		for (size_t k = 0; k <= i; k++)
			if (need[k].on == need[i].on)
				sum += need[k].bytes;
		if (need[i].bytes && statvfs(need[i].dir, &v) == 0 &&
		    (unsigned long long)v.f_bavail * v.f_frsize < sum)
			return err_set(
				err,
				"the kernels take %llu MiB in '%s', which has %llu MiB left: "
				"make some room there",
				sum >> 20, need[i].dir,
				((unsigned long long)v.f_bavail * v.f_frsize) >> 20);
	}
	return 0;
}

int packages_find(struct packages *p, struct experiment *e, const struct run_options *o,
		  const char *watchdog, struct err *err)
{
	p->v = xcalloc(e->narms, sizeof(*p->v));
	p->n = e->narms;
	for (size_t i = 0; i < e->narms; i++)
		if (find(p, &p->v[i], &e->arms[i], i, o, watchdog, err) < 0)
			return -1;
	for (size_t i = 0; p->names.n && i < 2; i++) {
		static const char *const programs[] = {"dpkg", "update-grub"};
		char *path = spawn_which(programs[i]);

		if (!path)
			return err_set(err,
				       "no program '%s', by which kernels come to this machine: "
				       "install them by its own means, and name them boot:RELEASE",
				       programs[i]);
		free(path);
	}
	return check_room(p, err);
}

void packages_release(struct packages *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->v[i].spec);
		kernel_release(&p->v[i].kernel);
		strv_release(&p->v[i].debs);
	}
	free(p->v);
	strv_release(&p->names);
	*p = (struct packages){0};
}

static void replace(char **to, const char *with)
{
	free(*to);
	*to = with ? xstrdup(with) : NULL;
}

void packages_tell(const struct packages *p, struct kernel *kernels)
{
	for (size_t i = 0; i < p->n; i++) {
		const struct kernel *k = &p->v[i].kernel;

		if (!p->v[i].spec)
			continue;
		replace(&kernels[i].package, k->package);
		replace(&kernels[i].version, k->version);
		json_decref(kernels[i].git);
		kernels[i].git = json_incref(k->git);
	}
}

void packages_add_json(const struct packages *p, json_t *arms)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].spec)
			json_object_set_new(json_array_get(arms, i), "installed",
					    json_string(p->v[i].spec));
}

/* --- making a package of what was built --- */

void packages_control(const char *name, const struct kernel *k, struct str *out)
{
	str_addf(out,
		 "Package: %s\n"
		 "Version: 1\n"
		 "Architecture: amd64\n"
		 "Maintainer: mlocklab <root@localhost>\n"
		 "Section: kernel\n"
		 "Priority: optional\n"
		 "Description: Linux %s, for a campaign of mlocklab\n"
		 " It is removed with the campaign.\n",
		 name, k->release);
}

/* As the kernel's own bindeb-pkg has them (scripts/package/builddeb). */
void packages_script(const char *when, const struct kernel *k, struct str *out)
{
	bool comes = strcmp(when, "postinst") == 0;

	str_add(out, "#!/bin/sh\nset -e\n");
	if (comes)
		str_addf(out, "depmod '%s'\n", k->release);
	str_addf(out,
		 "export DEB_MAINT_PARAMS=\"$*\" INITRD=Yes\n"
		 "[ ! -d /etc/kernel/%s.d ] ||\n"
		 "\trun-parts --arg='%s' --arg='/boot/vmlinuz-%s' /etc/kernel/%s.d\n",
		 when, k->release, k->release, when);
	if (!comes)
		str_addf(out, "[ \"$1\" != purge ] || rm -rf '/lib/modules/%s'\n", k->release);
}

static int put(const char *tree, const char *name, const struct str *text, mode_t mode,
	       struct err *err)
{
	char *path = xasprintf("%s/%s", tree, name);
	int ret = fs_write_atomic(path, text->buf, text->len, err);

	if (ret == 0 && chmod(path, mode) < 0)
		ret = err_sys(err, "cannot change '%s'", path);
	free(path);
	return ret;
}

static int put_control(const char *tree, const char *name, const struct kernel *k, struct err *err)
{
	static const char *const scripts[] = {"postinst", "postrm"};
	struct str text = STR_INIT;
	int ret;

	packages_control(name, k, &text);
	ret = put(tree, "DEBIAN/control", &text, 0644, err);
	for (size_t i = 0; ret == 0 && i < 2; i++) {
		char *path = xasprintf("DEBIAN/%s", scripts[i]);

		str_clear(&text);
		packages_script(scripts[i], k, &text);
		ret = put(tree, path, &text, 0755, err);
		free(path);
	}
	str_release(&text);
	return ret;
}

static int put_boot(const char *tree, const struct kernel *k, struct err *err)
{
	const struct {
		const char *from, *name;
	} files[] = {{k->image, "vmlinuz"}, {k->config, "config"}, {k->system_map, "System.map"}};
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < sizeof(files) / sizeof(*files); i++) {
		char *to = xasprintf("%s/boot/%s-%s", tree, files[i].name, k->release);

		if (files[i].from)
			ret = fs_copy(files[i].from, to, err);
		free(to);
	}
	return ret;
}

/* Makes the package of a kernel of the cache: its path, a new string, or NULL. */
static char *pack(const char *name, const struct kernel *k, struct err *err)
{
	char *tree = xasprintf("%s/%s", pack_dir, name), *deb = xasprintf("%s.deb", tree);
	char *control = xasprintf("%s/DEBIAN", tree), *boot = xasprintf("%s/boot", tree);
	char *lib = xasprintf("%s/lib", k->modules ? k->modules : "");
	char *copy[] = {"cp", "-a", lib, tree, NULL};
	char *build[] = {"dpkg-deb", "--build", "--root-owner-group", "-Znone", tree, deb, NULL};
	int ret = fs_mkdirs(control, err);

	if (ret == 0)
		ret = fs_mkdirs(boot, err);
	if (ret == 0)
		ret = put_boot(tree, k, err);
	if (ret == 0 && k->modules)
		ret = spawn_run(copy, err);
	if (ret == 0)
		ret = put_control(tree, name, k, err);
	if (ret == 0)
		ret = spawn_run(build, err);
	if (ret == 0)
		ret = fs_remove_tree(tree, err);
	free(lib);
	free(boot);
	free(control);
	free(tree);
	if (ret == 0)
		return deb;
	free(deb);
	return NULL;
}

/* --- installing and removing --- */

/* Debian's links to the newest kernels: packages that come turn them, and leave them so. */
static const char *const links[] = {"/vmlinuz", "/vmlinuz.old", "/initrd.img", "/initrd.img.old"};
#define LINKS (sizeof(links) / sizeof(*links))

static void restore_links(const json_t *was)
{
	for (size_t i = 0; i < LINKS; i++) {
		const char *to = json_get_str(was, links[i], NULL);
		char now[PATH_MAX];
		ssize_t n = readlink(links[i], now, sizeof(now) - 1);

		now[n > 0 ? n : 0] = '\0';
		/* what is no link is not theirs */
		if ((n < 0 && errno != ENOENT) || (to ? strcmp(now, to) == 0 : n < 0))
			continue;
		unlink(links[i]);
		if (to && symlink(to, links[i]) < 0)
			printf("cannot make '%s' lead to '%s' again\n", links[i], to);
	}
}

static json_t *links_now(void)
{
	json_t *o = json_object();

	for (size_t i = 0; i < LINKS; i++) {
		char now[PATH_MAX];
		ssize_t n = readlink(links[i], now, sizeof(now) - 1);

		if (n > 0)
			json_object_set_new(o, links[i], json_stringn(now, (size_t)n));
	}
	return o;
}

static int write_list(const struct packages *p, struct err *err)
{
	json_t *names = json_array();
	json_t *o = json_pack("{s:o, s:o}", "packages", names, "links", links_now());
	int ret;

	for (size_t i = 0; i < p->names.n; i++)
		json_array_append_new(names, json_string(p->names.v[i]));
	ret = fs_mkdirs(CAMPAIGN_DIR, err);
	if (ret == 0)
		ret = json_write(list_path, o, err);
	json_decref(o);
	return ret;
}

/* dpkg's own words go where ours do. */
static int dpkg(const struct strv *argv, struct err *err)
{
	struct err why;

	fflush(stdout);
	setenv("DEBIAN_FRONTEND", "noninteractive", 1);
	return spawn_run(argv->v, &why) == 0
		       ? 0
		       : err_set(err, "dpkg %s failed, and says above why", argv->v[1]);
}

int packages_install(const struct packages *p, struct err *err)
{
	struct strv argv = STRV_INIT;
	struct err ignored;
	int ret = write_list(p, err);

	strv_push(&argv, "dpkg");
	strv_push(&argv, "--install");
	for (size_t i = 0; ret == 0 && i < p->n; i++) {
		const struct packaged *a = &p->v[i];
		char *name, *deb;

		if (!a->spec || a->here)
			continue;
		printf("installing %s (%s)\n", a->spec, a->kernel.release);
		for (size_t k = 0; k < a->debs.n; k++)
			strv_push(&argv, a->debs.v[k]);
		if (a->debs.n)
			continue;
		name = xasprintf("mlocklab-kernel-%zu", i + 1);
		deb = pack(name, &a->kernel, err);
		if (deb)
			strv_push(&argv, deb);
		ret = deb ? 0 : -1;
		free(deb);
		free(name);
	}
	if (ret == 0)
		ret = dpkg(&argv, err);
	fs_remove_tree(pack_dir, &ignored);
	strv_release(&argv);
	return ret;
}

bool packages_are_left(void)
{
	return fs_exists(list_path);
}

int packages_remove(struct err *err)
{
	struct strv argv = STRV_INIT;
	json_t *o, *name;
	size_t i;
	int ret = 0;

	if (!packages_are_left())
		return 0;
	o = json_read(list_path, err);
	if (!o)
		return -1;
	strv_push(&argv, "dpkg");
	strv_push(&argv, "--purge");
	/* one that was cut short while it came is to be installed again first, were it not for
	 * this */
	strv_push(&argv, "--force-remove-reinstreq");
	json_array_foreach(json_object_get(o, "packages"), i, name)
		if (json_is_string(name) && is_there(json_string_value(name)))
			strv_push(&argv, json_string_value(name));
	if (argv.n > 3) {
		puts("removing the kernels that were installed");
		ret = dpkg(&argv, err);
	}
	if (ret == 0)
		restore_links(json_object_get(o, "links"));
	json_decref(o);
	if (ret == 0 && remove(list_path) < 0)
		ret = err_sys(err, "cannot remove '%s'", list_path);
	strv_release(&argv);
	return ret;
}
