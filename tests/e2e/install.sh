#!/bin/bash
# Installed into a staging directory and moved elsewhere, mlocklab works from an empty directory for a user
# who may write nowhere but in his home; results and cache go where XDG says. uninstall leaves nothing.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

# What the user installs is what make builds, whatever this check was told to build
ours() {
	env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u CFLAGS -u B make --no-print-directory "$@"
}

expect 0 mlocklab kernels fetch debian:6.1
kernel=$(dirname "$(awk '{print $3}' "$out")")

# --- installed twice, into a directory with a blank, and moved ---
expect 0 ours install DESTDIR="$tmp/a stage" prefix=/opt/lab
expect 0 ours install DESTDIR="$tmp/a stage" prefix=/opt/lab
mv "$tmp/a stage/opt/lab" "$tmp/moved"
prefix=$tmp/moved
for file in bin/mlocklab bin/mlockbench libexec/mlocklab/mlocklab-run libexec/mlocklab/guest-init \
	libexec/mlocklab/plugin/profile-api1.so share/mlocklab/configs/core.ini \
	share/mlocklab/configs/claims/1-series.ini share/mlocklab/configs/kernel/base.config \
	share/man/man1/mlocklab.1 share/man/man5/mlocklab-experiment.5 share/doc/mlocklab/README.md \
	share/doc/mlocklab/docs/formats.md share/bash-completion/completions/mlocklab; do
	[ -s "$prefix/$file" ] || die "$file is not installed"
	checks=$((checks + 1))
done

# --- a user of his own: whatever carries this id afterwards he has written ---
home=$tmp/home
uid=$((1000000000 + $$))
mkdir "$home" "$tmp/empty" "$home/data" "$home/cache" "$home/cache/mlocklab" "$home/cache/mlocklab/kernels"
cp -r "$kernel" "$home/cache/mlocklab/kernels/"
# a boot less where another test has asked the kernel for its symbols
cp -r "${kernel%/kernels/*}/symbols" "$home/cache/mlocklab/" 2>/dev/null
as_user() {
	# shellcheck disable=SC2016 # the inner shell's
	env -u MLOCKLAB_CACHE HOME="$home" XDG_DATA_HOME="$home/data" XDG_CACHE_HOME="$home/cache" \
		PATH="$prefix/bin:$PATH" $become sh -c 'cd "$1" && shift && exec "$@"' sh "$tmp/empty" "$@"
}
become=
if [ "$(id -u)" = 0 ]; then
	chmod 755 "$tmp" "$prefix"
	chown -R "$uid" "$home"
	become="setpriv --reuid=$uid --regid=$uid --clear-groups --inh-caps=-all --bounding-set=-all"
fi

expect 0 as_user mlocklab --paths
same "$(cat "$out")" "results $home/data/mlocklab/results
cache $home/cache/mlocklab
configs $prefix/share/mlocklab/configs" 'the paths of what is installed'
expect 0 as_user env -u XDG_DATA_HOME XDG_CACHE_HOME=relative mlocklab --paths
same "$(sed 3d "$out")" "results $home/.local/share/mlocklab/results
cache $home/.cache/mlocklab" 'the paths without XDG'

expect 2 as_user env -u HOME -u XDG_DATA_HOME mlocklab --paths
says 'mlocklab: HOME is not set: set it, or XDG_DATA_HOME'
# not in PATH, which is how man would find them
mkdir "$home/bin"
printf '#!/bin/sh\necho "page $*"\nhead -n 2 "$1"\n' >"$home/bin/man"
chmod 755 "$home/bin" "$home/bin/man"
expect 0 as_user env PATH="$home/bin:/usr/bin:/bin" "$prefix/bin/mlocklab" help run
same "$(head -n 1 "$out")" "page $prefix/libexec/mlocklab/man/man1/mlocklab-run.1" 'what help asked man for'
grep -q '^.Dt MLOCKLAB-RUN 1' "$out" || die "no page there: $(cat "$out")"
rm -r "${home:?}/bin"

for verb in $(as_user mlocklab --help | sed -n 's/^  \([a-z][a-z]*\) .*/\1/p'); do
	expect 0 as_user mlocklab "$verb" --help
done
expect 0 as_user mlocklab describe exit-mlocked
expect 0 as_user mlockbench run null
expect 0 as_user mlocklab kernels
grep -q '^  debian:6\.1' "$out" || die 'the kernel in the cache of XDG is not seen'
for name in smoke configs/smoke.ini; do
	expect 0 as_user mlocklab run $name --kernel debian:6.1 --show-command
done
expect 2 as_user mlocklab run configs/no-such.ini
says "$prefix/share/mlocklab/configs/no-such.ini"

expect 2 as_user mlocklab history exit
says "there is no '$home/data/mlocklab/results'"

# --- a kernel timed and profiled ---
small_experiment profile=1 >"$home/x.ini"
expect 0 as_user mlocklab run "$home/x.ini"
run=$(cat "$out")
case $run in
"$home/data/mlocklab/results/x-"*) ;;
*) die "the run is in '$run'" ;;
esac
same "$(member "$run/run.json" status)" complete 'the run'
[ -s "$run/boots/002/profile.txt" ] || die 'there is no profile'
expect 0 as_user mlocklab report "$run"
[ -s "$run/report/index.html" ] || die 'there is no report'
# a stored run of two kernels, which changed for better and worse
cp -r results/reference "$home/data/mlocklab/results/"
expect 1 as_user mlocklab compare "$home/data/mlocklab/results/reference"
expect 0 as_user mlocklab claims "$home/data/mlocklab/results/reference"
grep -q 'not testable here' "$out" || die 'there are no claims'
expect 0 as_user mlocklab history exit
grep -q 'exit-mlocked/procs=2' "$out" || die 'history does not know the run'
grep -rqF "$PWD/" "$run" && die 'the run tells of the source tree'

# --- nothing was written but there ---
if [ -n "$become" ]; then
	# shellcheck disable=SC2185 # of all these
	find /tmp /var/tmp /dev/shm /run "${TMPDIR:-/tmp}" -user "$uid" 2>/dev/null | grep -v "^$home\(/\|$\)" &&
		die 'the user wrote elsewhere'
fi
same "$(find "$tmp/empty" "$home" -mindepth 1 -maxdepth 2 | sort | sed "s,$home/,,")" "cache
cache/mlocklab
data
data/mlocklab
x.ini" 'what is in the home and the directory it was started from'

# --- completion where bash looks for it ---
# shellcheck disable=SC2016 # the inner shell's
got=$(as_user bash -c 'compopt() { :; }; . "$1/share/bash-completion/completions/mlocklab"
	COMP_LINE="mlocklab compare " COMP_POINT=17 && _mlocklab mlocklab && echo "${COMPREPLY[*]}"' bash "$prefix")
same "$got" "$home/data/mlocklab/results/reference $run" 'what is offered to compare'

# --- and gone, but for what the user has put there ---
mv "$prefix" "$tmp/a stage/opt/lab"
touch "$tmp/a stage/opt/lab/share/mlocklab/configs/my own.ini"
# a program that this tree does not build, as of another version
echo /opt/lab/libexec/mlocklab/old >>"$tmp/a stage/opt/lab/libexec/mlocklab/manifest"
touch "$tmp/a stage/opt/lab/libexec/mlocklab/old"
expect 0 ours uninstall DESTDIR="$tmp/a stage" prefix=/opt/lab
same "$(cd "$tmp/a stage/opt/lab" && find . ! -type d)" './share/mlocklab/configs/my own.ini' 'what is left'
rm "$tmp/a stage/opt/lab/share/mlocklab/configs/my own.ini"
expect 0 ours uninstall DESTDIR="$tmp/a stage" prefix=/opt/lab
same "$(find "$tmp/a stage" -name '*mlocklab*')" '' 'the directories that are left'

# --- directories of another taste ---
expect 0 ours install DESTDIR="$tmp/arch" prefix=/usr libexecdir=/usr/lib datadir=/srv/data
expect 0 "$tmp/arch/usr/bin/mlocklab" --paths
same "$(sed -n 's/^configs //p' "$out")" "$tmp/arch/srv/data/mlocklab/configs" 'configs where datadir says'
expect 0 "$tmp/arch/usr/bin/mlocklab" list
expect 0 ours uninstall DESTDIR="$tmp/arch" prefix=/usr libexecdir=/usr/lib datadir=/srv/data
same "$(find "$tmp/arch" ! -type d)" '' 'what is left of it'

echo "$checks checks, run by ${become:+a user of its own}${become:-$(id -un)}" | sed 's/setpriv.*//'
