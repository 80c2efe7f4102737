# A git repository that takes the steps of a kernel's build in no time, for tests: after common.sh.
# shellcheck shell=sh disable=SC2154
# mm/mlock.c says which kernel, of those that are here already, it is "built" into.

# $old and $new: the images of 5.10 and 6.1 that trees are "built" into; what is made goes into a cache of
# the test's own.
stand_in_kernels() {
	expect 0 mlocklab kernels fetch debian:5.10 debian:6.1
	# shellcheck disable=SC2034 # tests use them
	old=$(awk '/debian:5.10/ { print $3 }' "$out") new=$(awk '/debian:6.1/ { print $3 }' "$out")
	MLOCKLAB_CACHE=$tmp/cache
	export MLOCKLAB_CACHE
	unset MLOCKLAB_TREE
}

# stand_in_tree DIR: one commit, "base", of the branch master
stand_in_tree() {
	mkdir -p "$1/scripts/kconfig" "$1/mm"
	cat >"$1/Makefile" <<'EOF2'
tinyconfig:
	echo CONFIG_TINY=y >$(O)/.config
olddefconfig:
	sed -i '/NO_SUCH/d' $(O)/.config
	cat mm/Kconfig >>$(O)/.config
modules:
bzImage:
	@echo '  CC      kernel/fork.o'; seq -f '  CC      mm/%g.o' 30
	@! grep -q broken mm/mlock.c || { echo "mm/mlock.c:7:1: error: no such thing" >&2; exit 1; }
	mkdir -p $(O)/arch/x86/boot
	cp "$$(sed -n s/^image=//p mm/mlock.c)" $(O)/arch/x86/boot/bzImage
	echo 'ffffffff81000000 T _text' >$(O)/System.map
EOF2
	cat >"$1/scripts/kconfig/merge_config.sh" <<'EOF2'
[ "$1 $2" = '-m -O' ] || exit 1
shift 3
config=$1
shift
cat "$@" >>"$config"
EOF2
	: >"$1/mm/Kconfig"
	printf '*.o\n.config\narch/x86/boot/bzImage\n' >"$1/.gitignore"
	git -C "$1" init -q -b master
	git -C "$1" config user.name tester
	git -C "$1" config user.email tester@localhost
}

# commit_in DIR SUBJECT: everything that changed
commit_in() {
	git -C "$1" add -A
	git -C "$1" commit -q -m "$2"
}

# step TEXT SUBJECT: a commit of $src after which mm/mlock.c is TEXT
step() {
	printf '%s\n' "$1" >"$src/mm/mlock.c"
	commit_in "$src" "$2"
}

# All that a repository's owner could miss: files with their times, refs, reflogs, the index
state_of() {
	(
		cd "$1" || exit 1
		find . -type f ! -path './.git/objects/*' -printf '%p %T@ %s %m\n' | sort
		find .git/objects -type f | sort
		cat .git/HEAD
		sha256sum .git/index
		git for-each-ref
	)
}

# The user's tree is as it was when `state_of DIR >"$tmp/before"` was: untouched DIR
untouched() {
	state_of "$1" >"$tmp/after"
	cmp -s "$tmp/before" "$tmp/after" || {
		diff "$tmp/before" "$tmp/after"
		die "the user's tree is not as it was"
	}
}

# row N SUBJECT CELLS WHY: $tmp/table, of a series, has such a row; SUBJECT and CELLS are extended regular
# expressions, CELLS of the row's end
row() {
	grep -Eq "^ *$1 $2 +$3\$" "$tmp/table" || {
		cat "$tmp/table"
		die "row $1: $4"
	}
}

# Puts programs that a kernel's build asks for on PATH where they are not
stand_in_tools() {
	mkdir -p "$tmp/bin"
	for tool in flex bison bc; do
		command -v $tool >/dev/null && continue
		printf '#!/bin/sh\n' >"$tmp/bin/$tool"
		chmod +x "$tmp/bin/$tool"
	done
	PATH=$PATH:$tmp/bin
}
