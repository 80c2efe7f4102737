#!/bin/sh
# prune.sh lib/modules/RELEASE: leaves the modules that the emulated machine of campaign.sh has a use for. The
# others are most of a kernel, and an emulated CPU takes minutes to unpack them.
set -eu
cd "$1/kernel"
find . -mindepth 1 -maxdepth 1 ! -name arch ! -name block ! -name crypto ! -name drivers ! -name fs ! -name lib ! -name mm \
	-exec rm -r {} +
find drivers -mindepth 1 -maxdepth 1 ! -name virtio ! -name block ! -name watchdog ! -name char -exec rm -r {} +
find fs -mindepth 1 -maxdepth 1 ! -name ext4 ! -name jbd2 ! -name 'mbcache.ko*' -exec rm -r {} +
