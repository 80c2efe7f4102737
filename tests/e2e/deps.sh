#!/bin/sh
# A plain make installs nothing: it says what is missing and the one command. make deps, make ab and make
# check do the set-up themselves. Stand-ins for dpkg-query and apt-get: this machine has it all.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

mkdir "$tmp/bin"
printf '#!/bin/sh\ncat "%s/have" 2>/dev/null\n' "$tmp" >"$tmp/bin/dpkg-query"
# what it is asked to install is there from then on
cat >"$tmp/bin/apt-get" <<END
#!/bin/sh
echo "\$*" >>"$tmp/asked"
for p; do echo "installed \$p"; done >>"$tmp/have"
END
printf '#!/bin/sh\n[ "$1" = -n ] && shift\nexec "$@"\n' >"$tmp/bin/sudo"
chmod +x "$tmp"/bin/*

# make GOAL..., on a machine that has no package
try() {
	rm -f "$tmp/asked" "$tmp/have"
	PATH=$tmp/bin:$PATH make -s --no-print-directory "$@"
}

expect 2 try all
says "not installed: gcc"
says "'make deps' installs what is missing"
[ ! -e "$tmp/asked" ] || die "a plain make installs: $(cat "$tmp/asked")"

expect 0 try deps
grep -q '^install .*gcc' "$tmp/asked" || die 'make deps installs nothing'
for goal in ab check; do
	try -n "$goal" 2>/dev/null | grep -q 'deps.sh install' ||
		die "make $goal does not do its own set-up"
	checks=$((checks + 1))
done
echo "$checks checks"
