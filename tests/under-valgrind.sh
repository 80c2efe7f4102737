#!/bin/sh
# Stands in for a program: called through a link build/valgrind/PLACE/PROGRAM it runs build/PLACE/PROGRAM
# under valgrind. What valgrind has to say goes to build/valgrind/log/, for some programs' exit codes
# nobody asks.
# By its whole path: a test may leave nothing on PATH.
set -u
case $0 in
*/tests/*) leaks=full ;;
*) leaks=no ;; # a program that ends with everything still in its hands has no leak to tell of
esac
exec /usr/bin/valgrind --quiet --error-exitcode=99 --leak-check="$leaks" --show-leak-kinds=definite \
	--errors-for-leak-kinds=definite --child-silent-after-fork=yes --log-file="${0%/valgrind/*}/valgrind/log/%p" \
	"${0%/valgrind/*}/${0#*/valgrind/}" "$@"
