#!/bin/sh
# The functions by which waits are given to classes of locks (analysis/cause/lock-class.c) are functions of the
# kernels that the lab is for: each of at least one, and each kernel has some of every class.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

# CLASS FUNCTION lines; a lruvec's are those of the list in is_lruvec()
takers() {
	sed -n 's/^\t{"\([^"]*\)", LOCK_\([A-Z_]*\), .*/\2 \1/p' analysis/cause/lock-class.c
	sed -n '/^static bool is_lruvec/,/^}/p' analysis/cause/lock-class.c | grep -o '"[^"]*"' | sed 's/"\(.*\)"/LRUVEC \1/'
}

takers | sort >"$tmp/takers"
[ "$(wc -l <"$tmp/takers")" -gt 80 ] || die 'the table of takers could not be read'

kernels='5.10 6.1 6.12 7.2'
for k in $kernels; do
	expect 0 mlocklab kernels symbols "debian:$k"
	# the compiler's variants of a function are that function
	awk '{ sub(/\..*/, "", $3); print $3 }' "$(cat "$out")" | sort -u >"$tmp/$k"
	grep -qx exit_mmap "$tmp/$k" || die "the symbols of $k have no exit_mmap, whose time is measured"
	for f in read write; do
		grep -qx "rwsem_down_${f}_slowpath" "$tmp/$k" || die "$k has no rwsem_down_${f}_slowpath"
	done
	awk 'NR == FNR { has[$1]; next } $2 in has' "$tmp/$k" "$tmp/takers" >"$tmp/$k.has"
	for class in I_MMAP ANON_VMA MMAP LRUVEC; do
		# before 5.19 nobody sees who spins
		[ "$class $k" = 'LRUVEC 5.10' ] || grep -q "^$class " "$tmp/$k.has" ||
			die "$k has no function of class $class"
	done
	checks=$((checks + 1))
done

cat "$tmp"/*.has | sort -u | comm -13 - "$tmp/takers" >"$tmp/gone"
[ ! -s "$tmp/gone" ] || die "no kernel has these: $(tr '\n' ';' <"$tmp/gone")"
echo "$(wc -l <"$tmp/takers") functions of four classes, in $kernels"
