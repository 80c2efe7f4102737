#!/bin/sh
# The short form of make check-statistics: verdicts, intervals, power and steps where the truth is known.
set -u
cd "$(dirname "$0")/../.." || exit 1

build/studies --short
