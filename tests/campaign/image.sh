#!/bin/sh
# image.sh DISK KERNEL...: makes a raw disk of a Debian that boots by itself: GRUB in its first sectors, systemd
# on ext4, and those kernels of the cache, each with an initramfs for a virtio disk; beside it DISK.deb, Debian's
# package of another kernel. Run with mounts of its own: /dev becomes one in which the disk has the name that it
# will have.
set -eu
disk=$1
shift
work=$(mktemp -d "${TMPDIR:-/tmp}/mlocklab-image-XXXXXX")
root=$work/root
loop=
trap 'umount -R "$root" 2>/dev/null || :; umount -l /dev 2>/dev/null || :
	[ -z "$loop" ] || losetup -d "$loop"; umount "$work/dev" 2>/dev/null || :; rm -rf --one-file-system "$work"' EXIT
mkdir -p "$root"

# --- a disk with one partition, mounted ---
rm -f "$disk.new" "${disk%.img}.deb"
truncate -s 2G "$disk.new"
echo '2048,,83,*' | sfdisk -q "$disk.new"
loop=$(losetup -o 1048576 -f --show "$disk.new")
mke2fs -q -t ext4 -F "$loop"
uuid=$(blkid -s UUID -o value "$loop")
mount "$loop" "$root"

# --- Debian ---
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
mirror=$(sed -n 's/^URIs: *//p; s/^deb [^h]*\(http[^ ]*\).*/\1/p' /etc/apt/sources.list.d/debian.sources \
	/etc/apt/sources.list 2>/dev/null | head -n 1)
debootstrap --variant=minbase --include=systemd-sysv,udev,kmod,grub-pc,initramfs-tools,zstd,linux-base,kexec-tools "$suite" "$root" \
	${mirror:+"$mirror"}
rm -rf "$root"/var/cache/apt/archives/*.deb
printf 'virtio_pci\nvirtio_blk\next4\n' >>"$root/etc/initramfs-tools/modules"
sed -i 's/^MODULES=.*/MODULES=list/; s/^COMPRESS=.*/COMPRESS=gzip/' "$root/etc/initramfs-tools/initramfs.conf"
rm -f "$root"/etc/initramfs-tools/conf.d/*
prune=$(dirname "$0")/prune.sh
for k; do
	release=$(ls "$k/lib/modules")
	cp "$k/vmlinuz" "$root/boot/vmlinuz-$release"
	cp "$k/config" "$root/boot/config-$release"
	mkdir -p "$root/lib/modules"
	cp -a "$k/lib/modules/$release" "$root/lib/modules/"
	"$prune" "$root/lib/modules/$release"
	chroot "$root" depmod "$release"
	chroot "$root" update-initramfs -c -k "$release"
done

# --- a package as Debian made it, with its own scripts; smaller, as it is unpacked by an emulated CPU ---
chroot "$root" apt-get -q update
package=$(chroot "$root" apt-cache depends linux-image-cloud-amd64 | sed -n 's/.*Depends: \(linux-image-.*\)/\1/p')
chroot "$root" sh -c "cd /tmp && apt-get -q download $package"
dpkg-deb -R "$root/tmp/$package"_*.deb "$work/deb"
"$prune" "$work"/deb/lib/modules/*
dpkg-deb --root-owner-group -Zgzip -z1 -b "$work/deb" "$work/kernel.deb"
rm -rf "$root"/tmp/*.deb "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/*.bin

# --- that boots by itself ---
echo "UUID=$uuid / ext4 errors=remount-ro 0 1" >"$root/etc/fstab"
echo lab >"$root/etc/hostname"
chroot "$root" passwd -q -d root
cat >"$root/etc/default/grub" <<END
GRUB_DEFAULT=0
GRUB_TIMEOUT=0
# an emulated CPU pays dearly for what a real one is protected by
GRUB_CMDLINE_LINUX="console=ttyS0 quiet cryptomgr.notests mitigations=off init_on_alloc=0"
GRUB_DISABLE_OS_PROBER=true
END
mkdir "$work/dev"
mount -t tmpfs dev "$work/dev"
for d in null zero random urandom; do cp -a /dev/$d "$work/dev/"; done
cp -a "$loop" "$work/dev/vda1"
umount "$root"
mount --bind "$work/dev" /dev
mount /dev/vda1 "$root"
for d in dev proc sys; do mount --bind /$d "$root/$d"; done
grub=$root/boot/grub
mkdir -p "$grub/i386-pc"
cp "$root"/usr/lib/grub/i386-pc/*.mod "$root"/usr/lib/grub/i386-pc/*.lst "$grub/i386-pc/"
chroot "$root" grub-editenv /boot/grub/grubenv create
chroot "$root" grub-mkimage -O i386-pc -o /boot/grub/i386-pc/core.img -p '(hd0,msdos1)/boot/grub' biosdisk part_msdos ext2
# as grub-install does on a disk that it can see whole: the boot sector's code, and the core behind it
dd if="$root/usr/lib/grub/i386-pc/boot.img" of="$disk.new" bs=440 count=1 conv=notrunc status=none
dd if="$grub/i386-pc/core.img" of="$disk.new" bs=512 seek=1 conv=notrunc status=none
chroot "$root" update-grub
sed -i "s#root=/dev/vda1#root=UUID=$uuid#" "$grub/grub.cfg"
grep -q "root=UUID=$uuid" "$grub/grub.cfg"
umount -R "$root"
mv "$work/kernel.deb" "${disk%.img}.deb"
mv "$disk.new" "$disk"
