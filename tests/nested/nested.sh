#!/bin/sh
# Real KVM and real NUMA nodes on a machine that has neither: an outer machine of four CPUs on two nodes,
# emulated with AMD's virtualization, in which the lab boots guests under KVM and measures the machine
# itself (tests/nested/inside.sh). Minutes. PARTS=faults,host: only those parts of it.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

command -v busybox >/dev/null || skip "no busybox: install busybox-static"
expect 0 mlocklab kernels fetch debian:5.10 debian:6.1

cache=$(./mlocklab --paths | sed -n 's/^cache //p')
outer=$(ls -d "$cache"/kernels/linux-image-6.1.*-cloud-amd64_*)
root=$tmp/root
mkdir -p "$root/bin" "$root/sbin" "$root/usr/bin" "$root/usr/share" "$root/etc" "$root/root" "$root/lab/build" \
	"$root/modules" "$root/proc" "$root/sys" "$root/dev" "$root/lab/cache/kernels"

# --- programs with their libraries, where they lie here ---
put() {
	for f; do
		mkdir -p "$root$(dirname "$f")"
		cp -L "$f" "$root$f"
		ldd "$f" 2>/dev/null | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p; s/^\t\(\/[^ ]*\).*/\1/p' | while read -r l; do
			[ -e "$root$l" ] || { mkdir -p "$root$(dirname "$l")" && cp -L "$l" "$root$l"; }
		done
	done
}
cp "$(command -v busybox)" "$root/bin/busybox"
for a in $("$root/bin/busybox" --list | grep -vx busybox); do ln -sf /bin/busybox "$root/bin/$a"; done
rm -f "$root/bin/taskset" "$root/bin/setpriv" "$root/bin/flock"
put "$(command -v qemu-system-x86_64)" /usr/bin/taskset /usr/bin/setpriv /usr/bin/flock /usr/lib/x86_64-linux-gnu/qemu/accel-*
mkdir -p "$root/usr/share/seabios" "$root/usr/share/qemu"
cp -L /usr/share/seabios/*.bin "$root/usr/share/seabios/" 2>/dev/null
cp -L /usr/share/qemu/*.bin "$root/usr/share/qemu/" 2>/dev/null
echo 'root:x:0:0::/root:/bin/sh
nobody:x:65534:65534::/:/bin/sh' >"$root/etc/passwd"
echo 'root:x:0:
nogroup:x:65534:
kvm:x:104:' >"$root/etc/group"

cp mlocklab "$root/lab/"
cp -r configs "$root/lab/"
cp -r "$libexec" build/mlockbench build/guest-init build/plugin "$root/lab/build/"
for f in mlocklab "$libexec"/*; do
	ldd "$f" | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p'
done | sort -u | while read -r l; do put "$l"; done

# --- kernels to boot inside, without their modules, and the modules of KVM ---
for k in "$outer" "$(ls -d "$cache"/kernels/linux-image-5.10.*-cloud-amd64_*)"; do
	mkdir "$root/lab/cache/kernels/${k##*/}"
	find "$k" -maxdepth 1 -type f -exec cp {} "$root/lab/cache/kernels/${k##*/}/" \;
	find "$k/lib" -name brd.ko | while read -r m; do
		mkdir -p "$root/lab/cache/kernels/${k##*/}/$(dirname "${m#"$k"/}")" && cp "$m" "$root/lab/cache/kernels/${k##*/}/${m#"$k"/}"
	done
done
for m in irqbypass kvm kvm-amd; do find "$outer/lib" -name $m.ko -exec cp {} "$root/modules/" \;; done
cp tests/nested/inside.sh "$root/init"
chmod +x "$root/init"
(cd "$root" && find . | cpio -o -H newc --quiet | zstd -q -3 -T0) >"$tmp/outer.cpio.zst" || die 'no initramfs'

# it ends before the test is ended, and what it said is shown
timeout $((${LIMIT:-1800} - 60)) qemu-system-x86_64 -accel tcg,thread=multi -cpu max -machine q35 -smp 4 -m 6144 \
	-object memory-backend-ram,id=m0,size=3072M -numa node,nodeid=0,memdev=m0,cpus=0-1 \
	-object memory-backend-ram,id=m1,size=3072M -numa node,nodeid=1,memdev=m1,cpus=2-3 \
	-numa dist,src=0,dst=1,val=20 -display none -nodefaults -no-reboot \
	-serial "file:$tmp/console" \
	-kernel "$outer/vmlinuz" -initrd "$tmp/outer.cpio.zst" \
	-append 'console=ttyS0 quiet panic=-1 nowatchdog cryptomgr.notests tsc=reliable parts='"${PARTS:-}" </dev/null >"$tmp/qemu.log" 2>&1
cat "$tmp/qemu.log"
tr -d '\r' <"$tmp/console"
tr -d '\r' <"$tmp/console" | grep -qx end || die 'the outer machine did not come to its end'
same "$(tr -d '\r' <"$tmp/console" | grep -c '^not ok')" 0 'checks that failed'
echo "$(tr -d '\r' <"$tmp/console" | grep -c '^ok: ') checks in a machine with KVM and two nodes"
