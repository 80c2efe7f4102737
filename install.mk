# make install: GNU's directory variables and DESTDIR. make uninstall, given the same, removes just that.
#
# All programs lie in one directory, where the links share and man lead to the data and the pages: relative, as those in bindir
# are, so that what is installed can be moved as a whole. lib/paths.c follows it.
prefix ?= /usr/local
exec_prefix ?= $(prefix)
bindir ?= $(exec_prefix)/bin
libexecdir ?= $(exec_prefix)/libexec
datarootdir ?= $(prefix)/share
datadir ?= $(datarootdir)
mandir ?= $(datarootdir)/man
docdir ?= $(datarootdir)/doc/mlocklab
bashcompletiondir ?= $(datarootdir)/bash-completion/completions

install_home := $(libexecdir)/mlocklab
install_data := $(datadir)/mlocklab

# FROM:TO words of the files $(2) for the directory $(1), which keep what follows $(3) of their paths
put = $(foreach f,$(2),$(f):$(1)/$(patsubst $(3)%,%,$(f)))

verbs := $(filter $(B)/libexec/%,$(programs))
install_programs = $(call put,$(install_home),$(verbs),$(B)/libexec/) \
	$(call put,$(install_home),$(filter-out $(verbs),$(programs)) $(plugins),$(B)/)
install_files = $(call put,$(install_data),$(wildcard configs/*.ini configs/*/*)) \
	$(foreach n,1 5,$(call put,$(mandir)/man$(n),$(wildcard docs/man/*.$(n)),docs/man/)) \
	$(call put,$(docdir),README.md CHANGELOG.md $(wildcard docs/*.* docs/img/*)) \
	runner/main/completion.bash:$(bashcompletiondir)/mlocklab
# LINK:TARGET
install_links = $(bindir)/mlocklab:$(install_home)/mlocklab \
	$(bindir)/mlockbench:$(install_home)/mlockbench $(install_home)/share:$(install_data) \
	$(install_home)/man:$(mandir)
install_manifest := $(install_home)/manifest

.PHONY: install uninstall
install: all
	@set -e; put() { install -D -m "$$1" "$${2%%:*}" "$$DESTDIR$${2#*:}"; }; \
	for f in $(install_programs); do put 755 $$f; done; \
	for f in $(install_files); do put 644 $$f; done; \
	mkdir -p "$$DESTDIR$(bindir)"; \
	for l in $(install_links); do ln -sfnr "$$DESTDIR$${l#*:}" "$$DESTDIR$${l%%:*}"; done; \
	printf '%s\n' $(foreach f,$(install_programs) $(install_files),$(lastword $(subst :, ,$(f)))) \
		$(foreach l,$(install_links),$(firstword $(subst :, ,$(l)))) \
		$(install_manifest) >"$$DESTDIR$(install_manifest)"
	@echo "installed in $$DESTDIR$(prefix)"

# What was installed, whatever this tree has become since; and the directories of ours that are empty then.
uninstall:
	@! [ -e "$$DESTDIR$(install_manifest)" ] || \
		while read -r f; do rm -f "$$DESTDIR$$f"; done <"$$DESTDIR$(install_manifest)"
	@for d in $(install_home) $(install_data) $(docdir); do \
		! [ -d "$$DESTDIR$$d" ] || find "$$DESTDIR$$d" -depth -type d -empty -delete; \
	done
