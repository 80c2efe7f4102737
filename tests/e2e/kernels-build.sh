#!/bin/sh
# Building a kernel: configuration, name, cache, log and failure. The tree is a stand-in that takes the
# same steps in no time and "builds" a kernel that is here already; `make check-build` builds a real one.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

expect 0 mlocklab kernels fetch debian:6.1
REAL=$(awk '{ print $3 }' "$out")
export REAL

src=$tmp/src
mkdir -p "$src/scripts/kconfig"
cat >"$src/Makefile" <<'EOF'
tinyconfig:
	echo CONFIG_TINY=y >$(O)/.config
olddefconfig:
	sed -i '/NO_SUCH/d' $(O)/.config
modules:
bzImage:
	@echo '  CC      kernel/fork.o'
	@grep -q CONFIG_BROKEN=y $(O)/.config && echo "mm/mlock.c:7:1: error: no such thing" >&2 && exit 1 || true
	mkdir -p $(O)/arch/x86/boot
	cp $(REAL) $(O)/arch/x86/boot/bzImage
	echo 'ffffffff81000000 T _text' >$(O)/System.map
EOF
cat >"$src/scripts/kconfig/merge_config.sh" <<'EOF'
[ "$1 $2" = '-m -O' ] || exit 1
shift 3
config=$1
shift
[ "$config" = "$KCONFIG_CONFIG" ] || exit 1
cat "$@" >>"$config"
EOF
echo 'CONFIG_LOCK_STAT=y' >"$tmp/stat.config"
MLOCKLAB_CACHE=$tmp/cache
export MLOCKLAB_CACHE

# A build takes programs that the lab itself does not: stand-ins for those that are not here
lacks=
mkdir "$tmp/bin"
for tool in flex bison bc; do
	command -v $tool >/dev/null && continue
	lacks="$lacks $tool"
	printf '#!/bin/sh\n' >"$tmp/bin/$tool"
	chmod +x "$tmp/bin/$tool"
done
if [ -n "$lacks" ]; then
	expect 2 mlocklab kernels build "source:$src"
	says "apt-get install$lacks libelf-dev"
fi
PATH=$PATH:$tmp/bin
# and one that is nowhere
expect 2 env -u CC -u LLVM PATH="$tmp/bin" "$(realpath "$libexec")/mlocklab-kernels" build "source:$src"
says 'apt-get install make gcc'

expect 0 mlocklab kernels build --jobs 1 --fragment "$tmp/stat.config" "source:$src"
spec=$(cat "$out")
image=$MLOCKLAB_CACHE/kernels/${spec#built:}/vmlinuz
cmp "$image" "$REAL" || die 'the cache holds another image than was built'
grep -q '^CONFIG_LOCK_STAT=y' "${image%/*}/config" || die 'the fragment is not in the configuration'
grep -q '^CONFIG_SERIAL_8250_CONSOLE=y' "${image%/*}/config" || die 'base.config is not in it'
expect 0 mlocklab kernels list
grep -qx "  $spec" "$out" || die "the list does not show what build printed: $(cat "$out")"

# What it prints is what an arm takes.
small_experiment | sed "s|^kernel=.*|kernel=$spec|" >"$tmp/e.ini"
expect 0 mlocklab run "$tmp/e.ini" --out "$tmp/run"
same "$(outcome_of "$tmp/run" 1)" ok 'a boot of the kernel that was built'

# Another configuration is another kernel.
expect 0 mlocklab kernels build "source:$src"
[ "$(cat "$out")" != "$spec" ] || die 'two configurations have one name'

echo 'CONFIG_NO_SUCH=y' >"$tmp/odd.config"
expect 2 mlocklab kernels build --fragment "$tmp/odd.config" "source:$src"
says "does not take 'CONFIG_NO_SUCH=y'"

echo 'CONFIG_BROKEN=y' >"$tmp/broken.config"
expect 2 mlocklab kernels build --fragment "$tmp/broken.config" "source:$src"
says 'bzImage modules failed: mm/mlock.c:7:1: error: no such thing'
log=$(sed -n "s/.*the whole of it is in '\(.*\)'/\1/p" "$err")
grep -q 'kernel/fork.o' "$log" || die 'the log of the failed build is not kept'

expect 2 mlocklab kernels build "source:$tmp"
says 'no kernel'
expect 2 mlocklab kernels fetch built:no-such
expect 2 mlocklab kernels build debian:6.1
says 'debian-source:VERSION, source:DIR or git:REV'
echo "$checks checks"
