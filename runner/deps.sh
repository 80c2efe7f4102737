#!/bin/sh
# What mlocklab needs beyond git and make, as Debian packages, and how to get it.
#   deps.sh check [SET]      0 when everything needed to build and run is here; says nothing
#   deps.sh tell             says what is missing, and the command that installs it
#   deps.sh install [SET]    installs what is missing, as root or through sudo; with neither, prints
#                            the command
#   deps.sh list [SET]       prints the packages
# SET is `tests`, also what make check uses, `build`, also what building a kernel takes, or `lint`, `slurm`, `nested`
# or `campaign`, also what make lint, check-slurm, check-nested or check-campaign takes.
# shellcheck disable=SC2086 # the lists are words
set -u

packages="gcc libc6-dev make libjansson-dev libinih-dev libarchive-dev libgsl-dev libhwloc-dev libsqlite3-dev
libxml2-dev zlib1g-dev nettle-dev libcmocka-dev qemu-system-x86 gnuplot-nox apt dpkg debian-archive-keyring ca-certificates
fonts-dejavu-core"
[ "${2:-}" = tests ] &&
	packages="$packages procps strace chromium stress-ng fio rt-tests mandoc clang libclang-rt-dev linux-perf
	bpftool libbpf-dev libelf-dev"
[ "${2:-}" = build ] && packages="$packages flex bison bc libelf-dev libssl-dev xz-utils linux-perf"
[ "${2:-}" = lint ] && packages="$packages clang-format-14 clang-tidy cppcheck shellcheck"
[ "${2:-}" = slurm ] && packages="$packages slurmctld slurmd slurm-client munge"
[ "${2:-}" = campaign ] && packages="$packages debootstrap fdisk e2fsprogs util-linux mount binutils"
[ "${2:-}" = nested ] && packages="$packages busybox-static cpio zstd util-linux"

# Prints the packages that are not installed.
missing() {
	have=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $packages 2>/dev/null |
		sed -n 's/^installed //p')
	for p in $packages; do
		echo "$have" | grep -qx -e "$p" || echo "$p"
	done
}

if ! command -v dpkg-query >/dev/null; then
	# Elsewhere the compiler and the programs say themselves what they miss.
	[ "${1:-}" = install ] &&
		echo "this is not Debian; mlocklab needs what these packages hold there:" $packages >&2
	exit 0
fi

case "${1:-}" in
list)
	echo $packages
	;;
check)
	[ -z "$(missing)" ]
	;;
tell)
	echo "not installed: $(missing | tr -s '[:space:]' ' ')" >&2
	echo "'make deps' installs what is missing, as root or through sudo" >&2
	exit 2
	;;
install)
	need=$(missing | tr '\n' ' ')
	[ -n "$need" ] || exit 0
	install="apt-get install -y --no-install-recommends ${need% }"
	if [ "$(id -u)" = 0 ]; then
		as=
	elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || [ -t 0 ]; }; then
		as=sudo
	else
		echo "mlocklab needs packages that are not installed; as root, run:" >&2
		echo "    apt-get update && $install" >&2
		exit 2
	fi
	echo "installing: ${need% }" >&2
	# A third party's source that fails to update does not keep Debian's own from working.
	$as apt-get -q update || echo "going on without some package lists" >&2
	$as env DEBIAN_FRONTEND=noninteractive $install
	;;
*)
	echo "usage: deps.sh check|tell|install|list [tests|build]" >&2
	exit 2
	;;
esac
