#!/bin/sh
# Kernels come from Debian's archive once and from the cache ever after; what is wrong is said.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

# The project's own cache has 5.10 after this, if another test has not brought it.
expect 0 mlocklab kernels fetch debian:5.10
image=$(awk '{print $3}' "$out")
[ -s "$image" ] || die "no image '$image'"
image_dir=$(dirname "$image")
kernel=$(basename "$image_dir")
case $kernel in
linux-image-5.10.0-*-cloud-amd64_5.10.*_amd64) ;;
*) die "an odd name: $kernel" ;;
esac
same "$(member "$(dirname "$image")/kernel.json" sha256)" \
	"$(sha256sum "$image" | cut -d' ' -f1)" 'the recorded SHA-256'

# From here on a cache of our own, and no network: apt heeds the proxy, where nothing listens.
cache=$(dirname "$(dirname "$(dirname "$image")")")
export MLOCKLAB_CACHE="$tmp/cache"
export http_proxy=http://127.0.0.1:9 https_proxy=http://127.0.0.1:9
mkdir -p "$MLOCKLAB_CACHE/kernels"

expect 0 mlocklab doctor
awk 'length > 75 { exit 1 }' "$out" || die 'the doctor is wider than 75 columns'
for row in 'QEMU  *ok  [0-9]' 'KVM  *? ' 'icount SMP  *? ' 'gnuplot  *ok ' 'apt mirror  *no ' 'NUMA ' \
	'memlock ' ' -> mlocklab kernels fetch debian:'; do
	grep -q "$row" "$out" || die "the doctor does not say '$row'"
done
expect 0 mlocklab doctor --format json
same "$(member "$out" name)" QEMU 'the first thing the doctor looks at, in JSON'
grep -A 3 '"name": "KVM"' "$out" | grep -q '"fix": "mlocklab kernels fetch debian:6.1"' ||
	die "JSON does not say what fixes the gap: $(cat "$out")"
same "$(grep -c '^    "finding": "\(ok\|no\|unknown\)",$' "$out")" "$(grep -c '^  {$' "$out")" 'findings in JSON'

cp -r "$cache/kernels/$kernel" "$MLOCKLAB_CACHE/kernels/"

expect 0 mlocklab kernels fetch debian:5.10 debian:5.10/cloud-amd64
expect 0 mlocklab kernels
grep -q '^  debian:5\.10\.[0-9-]* ' "$out" || die 'the list lacks 5.10'
awk 'length > 75 && !/^cached in/ { exit 1 }' "$out" || die 'the list is wider than 75 columns'
spec=$(sed -n 's/^  \(debian:5\.10\.[0-9-]*\) .*/\1/p' "$out")
expect 0 mlocklab kernels --format json
same "$(member "$out" spec)" "$spec" 'the spec in JSON'
same "$(member "$out" release)" "$(member "$image_dir/kernel.json" release)" 'its release'
grep -q '^  "debian": null$' "$out" || die 'Debian was not asked, and JSON does not say so'
expect 0 mlocklab kernels fetch "$spec"
expect 2 mlocklab kernels fetch debian:6.1
says 'is the network there?'
expect 2 mlocklab kernels fetch --update debian:5.10
says 'is the network there?'
[ ! -e "$MLOCKLAB_CACHE/kernels/.unfinished" ] || die 'something unfinished is left'

# An archive without signatures is refused, whatever this machine lets pass for itself.
for suite in $(sed -n 's/^suites *= *//p' configs/kernel/debian.ini); do
	case $suite in *-security) base=$tmp/unsigned-security ;; *) base=$tmp/unsigned ;; esac
	mkdir -p "$base/dists/$suite/main/binary-amd64"
	: >"$base/dists/$suite/main/binary-amd64/Packages"
	{
		printf 'Origin: Debian\nSuite: %s\nCodename: %s\nComponents: main\nArchitectures: amd64\n' "$suite" "$suite"
		printf 'Date: %s\nSHA256:\n %s 0 main/binary-amd64/Packages\n' "$(date -Ru | sed 's/+0000/UTC/')" \
			"$(sha256sum </dev/null | cut -d ' ' -f 1)"
	} >"$base/dists/$suite/Release"
done
printf '%s\n' 'Acquire::AllowInsecureRepositories "true";' 'Acquire::AllowWeakRepositories "true";' \
	'Acquire::AllowDowngradeToInsecureRepositories "true";' 'APT::Get::AllowUnauthenticated "true";' >"$tmp/lax.conf"
chmod 755 "$tmp" # for apt's own user
expect 2 env APT_CONFIG="$tmp/lax.conf" "$libexec/mlocklab-kernels" fetch --mirror "file:$tmp/unsigned" debian:6.1
says 'is not signed'

# The same image as a package of the user's own, and as a file.
mkdir -p "$tmp/deb/DEBIAN" "$tmp/deb/boot"
cp "$image" "$tmp/deb/boot/vmlinuz-5.10.0-x"
printf '%s\n' 'Package: my-kernel' 'Version: 1' 'Architecture: amd64' 'Maintainer: Me <me@x>' \
	'Description: x' >"$tmp/deb/DEBIAN/control"
dpkg-deb -b "$tmp/deb" "$tmp/my.deb" >/dev/null || die 'dpkg-deb failed'
expect 0 mlocklab kernels fetch "deb:$tmp/my.deb"
cmp -s "$(awk '{print $3}' "$out")" "$image" || die 'the package gave another image'
# what the list prints of it can be pasted, and removes it
expect 0 mlocklab kernels
spec=$(sed -n 's/^  \(built:my-kernel_1_[^ ]*\)$/\1/p' "$out")
grep -qF "    of deb:$tmp/my.deb" "$out" || die "the list does not say what it was made of: $(cat "$out")"
expect 0 mlocklab kernels fetch "$spec"
expect 0 mlocklab kernels rm "$spec"
expect 2 mlocklab kernels fetch "$spec"
says "no kernel '${spec#built:}' is cached"
expect 0 mlocklab kernels fetch "deb:$tmp/my.deb"
expect 0 mlocklab kernels fetch "image:$image"
expect 2 mlocklab kernels fetch "image:$tmp/my.deb"
says 'is not an x86 kernel image'
expect 2 mlocklab kernels fetch "deb:$image"
says "'$image' is not a Debian package"
expect 2 mlocklab kernels fetch bookworm
says 'debian:VERSION[/FLAVOUR]'

# A cache with no room, where a small file system may be made.
if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
	mkdir "$tmp/full"
	# shellcheck disable=SC2016 # for the inner shell
	expect 2 env MLOCKLAB_CACHE="$tmp/full" unshare -m sh -c \
		'mount -t tmpfs -o size=4m none "$0" && exec "$1" fetch "deb:$2"' \
		"$tmp/full" "$libexec/mlocklab-kernels" "$tmp/my.deb"
	says 'No space left on device'
fi

# Someone who is not root reads the same cache.
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
	chmod 755 "$tmp"
	expect 0 setpriv --reuid 65534 --regid 65534 --clear-groups \
		env HOME="$tmp" "$libexec/mlocklab-kernels" fetch debian:5.10
fi

# What was changed in the cache is not booted.
copy="$MLOCKLAB_CACHE/kernels/$kernel"
printf x >>"$copy/vmlinuz"
expect 2 mlocklab kernels fetch debian:5.10
says "cached file '$copy/vmlinuz' does not have the SHA-256"
says "mlocklab kernels rm $kernel"
expect 0 mlocklab kernels rm "$kernel"
[ ! -e "$copy" ] || die "rm left '$copy'"
expect 2 mlocklab kernels rm debian:5.10
says 'no kernel 5.10 of flavour cloud-amd64 is cached'
expect 2 mlocklab kernels rm ../cache
says 'is no name in the cache'

# Interrupted while it wrote: what is there is no kernel, and the next fetch is not stopped by it.
mkdir -p "$MLOCKLAB_CACHE/kernels/.unfinished/tree"
expect 0 mlocklab kernels list
expect 0 mlocklab kernels fetch "deb:$tmp/my.deb"

echo "$checks checks"
