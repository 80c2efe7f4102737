#!/bin/sh
# image.sh DISK KERNEL...: makes a raw disk of a Debian that boots by itself: GRUB in its first sectors, systemd
# on ext4, and those kernels of the cache, each with an initramfs for a virtio disk. Run with mounts of its own:
# /dev becomes one in which the disk has the name that it will have.
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
rm -f "$disk.new"
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
debootstrap --variant=minbase --include=systemd-sysv,udev,kmod,grub-pc,initramfs-tools,zstd "$suite" "$root" \
	${mirror:+"$mirror"}
rm -rf "$root"/var/cache/apt/archives/*.deb
printf 'virtio_pci\nvirtio_blk\next4\n' >>"$root/etc/initramfs-tools/modules"
sed -i 's/^MODULES=.*/MODULES=list/' "$root/etc/initramfs-tools/initramfs.conf"
rm -f "$root"/etc/initramfs-tools/conf.d/*
for k; do
	release=$(ls "$k/lib/modules")
	cp "$k/vmlinuz" "$root/boot/vmlinuz-$release"
	cp "$k/config" "$root/boot/config-$release"
	mkdir -p "$root/lib/modules"
	cp -a "$k/lib/modules/$release" "$root/lib/modules/"
	# what this machine has none of: most of a kernel's size
	for d in sound net drivers/gpu drivers/media drivers/net drivers/staging drivers/infiniband drivers/iio \
		drivers/usb drivers/scsi drivers/hwmon drivers/input; do
		rm -rf "$root/lib/modules/$release/kernel/$d"
	done
	chroot "$root" depmod "$release"
	chroot "$root" update-initramfs -c -k "$release"
done

# --- that boots by itself ---
echo "UUID=$uuid / ext4 errors=remount-ro 0 1" >"$root/etc/fstab"
echo lab >"$root/etc/hostname"
chroot "$root" passwd -q -d root
cat >"$root/etc/default/grub" <<END
GRUB_DEFAULT=0
GRUB_TIMEOUT=0
GRUB_CMDLINE_LINUX="console=ttyS0 quiet cryptomgr.notests"
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
mv "$disk.new" "$disk"
