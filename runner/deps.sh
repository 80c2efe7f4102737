#!/bin/sh
# What mlocklab needs beyond git and make, as Debian packages, and how to get it.
#   deps.sh check     0 when everything needed to build and run is here; says nothing
#   deps.sh install   installs what is missing, as root or through sudo; with neither, prints the command
#   deps.sh list      prints the packages
set -u

build="gcc libc6-dev make pkg-config libjansson-dev libinih-dev libarchive-dev libgsl-dev
libsqlite3-dev zlib1g-dev libcmocka-dev"
run="qemu-system-x86 gnuplot-nox dpkg ca-certificates fonts-dejavu-core"

missing() {
	for p in $build $run; do
		dpkg-query -W -f '${Status}\n' "$p" 2>/dev/null | grep -q '^install ok installed' || echo "$p"
	done
}

case "${1:-}" in
list)
	echo $build $run
	;;
check)
	[ -z "$(missing)" ]
	;;
install)
	need=$(missing | tr '\n' ' ')
	[ -n "$need" ] || exit 0
	cmd="apt-get install -y --no-install-recommends $need"
	if [ "$(id -u)" = 0 ]; then
		as=""
	elif command -v sudo >/dev/null && sudo -n true 2>/dev/null || { command -v sudo >/dev/null && [ -t 0 ]; }; then
		as="sudo"
	else
		echo "mlocklab needs packages that are not installed; as root, run:" >&2
		echo "    apt-get update && $cmd" >&2
		exit 2
	fi
	echo "installing: $need" >&2
	$as apt-get -q update && DEBIAN_FRONTEND=noninteractive $as $cmd
	;;
*)
	echo "usage: deps.sh check|install|list" >&2
	exit 2
	;;
esac
