#!/bin/sh
# What is wrong in a command or an experiment is told in one line that names it and says what would be
# right, before anything is booted or made.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

# what fetching a kernel says must not stand among the messages
expect 0 mlocklab kernels fetch debian:5.10 debian:6.1

# refused TEXT ARGUMENT...: `mlocklab run ARGUMENT...` says this one line, prints and leaves nothing
refused() {
	phrase=$1
	shift
	expect 2 mlocklab run "$@" --out "$tmp/run"
	says "$phrase"
	[ ! -s "$out" ] || die "it printed: $(cat "$out")"
	[ "$(wc -l <"$err")" = 1 ] || die "more than a line: $(cat "$err")"
	[ ! -e "$tmp/run" ] || die "it made a run for: $*"
}

# wrong TEXT LINE...: so is an experiment of these lines
wrong() {
	line=$1
	shift
	printf '%s\n' "$@" >"$tmp/x.ini"
	refused "$line" "$tmp/x.ini"
}

smoke=configs/smoke.ini

# --- the experiment file ---
refused "cannot open '$tmp/none.ini': No such file or directory" "$tmp/none.ini"
refused "cannot read '$tmp': Is a directory" "$tmp"
wrong 'x.ini: no section with a workload=' '[global]'
wrong 'x.ini:3: neither [section] nor key=value' '[a]' 'workload=null' 'nonsense'
wrong 'x.ini:3: [a] stands twice, first at line 1' '[a]' 'workload=null' '[a]' 'procs=1'
wrong "x.ini:3: 'workload' stands twice in [a]" '[a]' 'workload=null' 'workload=null'
wrong "x.ini:2: unknown key 'pears' in [global]: one of name, target" '[global]' 'pears=3' '[a]' 'workload=null'
wrong 'x.ini:2: pairs=0: out of range, 1..10000' '[global]' 'pairs=0' '[a]' 'workload=null'
wrong "x.ini: no section with a workload=" '[arm:old]' 'kernel=debian:5.10'
wrong "x.ini:1: [old] has no workload=" '[old]' 'kernel=debian:5.10'
wrong "x.ini' has no [arm:NAME] section: name a kernel with --kernel" '[a]' 'workload=null'
wrong "x.ini:1: exit-mlock: no such workload; did you mean 'exit-mlocked'?" '[a]' 'workload=exit-mlock'
wrong 'x.ini:1: processes: exit-mlocked has no such parameter, it has procs' '[a]' 'workload=exit-mlocked' 'processes=4'
wrong 'x.ini:1: procs=5000: out of range, 1..1024' '[a]' 'workload=exit-mlocked' 'procs=5000'
wrong "x.ini:3: procs=1,2,4,...,63: the values before '...' never meet '63'" '[a]' 'workload=exit-mlocked' 'procs=1,2,4,...,63'
wrong "x.ini:2: unknown key 'kernle' in [arm:a]: kernel" '[arm:a]' 'kernle=x' '[b]' 'workload=null'
wrong 'x.ini:1: background=fio:../x: none, or fio: and a job file below' '[a]' 'workload=null' 'background=fio:../x'
wrong 'x.ini:1: background=dd:x: none, or fio: and a job file below' '[a]' 'workload=null' 'background=dd:x'
wrong "x.ini:1: background=fio:none.fio: cannot open" '[a]' 'workload=null' 'background=fio:none.fio'
printf '[global]\ntarget=icount\n[a]\nworkload=null\n[arm:x]\nkernel=debian:6.1\n# \377\n' >"$tmp/x.ini"
refused "x.ini:7: not UTF-8" "$tmp/x.ini"

# --- kernels ---
refused "kernel spec 'ubuntu:6.1' is none of debian:VERSION[/FLAVOUR], deb:FILE, image:FILE" $smoke --kernel ubuntu:6.1
refused "running; did you mean 'debian:6.1/amd64'?" $smoke --kernel debain:6.1/amd64
refused "running; did you mean 'debian:6.1'?" $smoke --kernel 6.1
refused "running; did you mean 'image:arch/x86/boot/bzImage'?" $smoke --kernel arch/x86/boot/bzImage
refused "kernel spec 'zzz:6.1' is none of" $smoke --kernel zzz:6.1
grep -q 'did you mean' "$err" && die 'nothing is near zzz'
refused "no kernel 'zzz' is cached; 'mlocklab kernels' lists what is there" $smoke --kernel built:zzz
name=$(basename "$(echo "${MLOCKLAB_CACHE:-cache}"/kernels/linux-image-6.1.0-*-cloud-amd64_*_amd64)")
refused "no kernel '${name%?}' is cached; did you mean 'built:$name'?" $smoke --kernel "built:${name%?}"
refused "kernel spec 'debian:' has no version; write debian:6.1" $smoke --kernel debian:
refused "cannot open kernel image '/nonexistent': No such file" $smoke --kernel image:/nonexistent
refused "'README.md' is not an x86 kernel image" $smoke --kernel image:README.md
refused "cannot read package '/nonexistent'" $smoke --kernel deb:/nonexistent
refused "kernel 'running' is for --target host" $smoke --kernel running
refused "kernel 'running' is for --target host" $smoke --kernel running --target auto
refused "kernel 'debian:6.1' cannot be measured on the host, which has booted $(uname -r): --kernel running would be right" \
	$smoke --target host --kernel debian:6.1
refused "kernel 'debian:5.10' cannot be measured on the host" $smoke --target host --kernel running --kernel debian:5.10
for option in cmdline=quiet cpus=2 nodes=1 memory=512; do
	refused "${option%=*} is for guests, and --target host is this machine" $smoke --target host --kernel running "--$option"
done
refused "cannot read kernel image '/boot/vmlinuz-none'; in /boot there are:" $smoke --target host --kernel boot:none
# a kernel that is in /boot and was not booted
if [ "$(id -u)" = 0 ]; then
	image=$(ls -d "$(./mlocklab --paths | sed -n 's/^cache //p')"/kernels/linux-image-6.1.*-cloud-amd64_*/vmlinuz | tail -n 1)
	release=${image%%_*} release=${release##*/linux-image-}
	mkdir "$tmp/boot" && cp "$image" "$tmp/boot/vmlinuz-$release"
	expect 2 own_mounts sh -c 'mount --bind "$1" /boot && shift && exec "$@"' sh "$tmp/boot" \
		"$libexec/mlocklab-run" $smoke --target host --kernel "boot:$release" --out "$tmp/other"
	says "boot 1 is not of the kernel that this machine has booted"
	[ ! -e "$tmp/other" ] || die 'a run was begun on another kernel'
fi
refused "--kernel a=debian:6.1: the arm 'a' is debian:5.10 already" $smoke --kernel a=debian:5.10 --kernel a=debian:6.1

# --- options ---
refused "unknown target 'xen': one of auto, icount, tcg, kvm, host" $smoke --target xen
refused 'pairs=many: out of range, 1..10000' $smoke --pairs many
refused 'memory=1: out of range, 256..1048576' $smoke --memory 1
refused 'locks=rwsem: one of auto, none, slowpath' $smoke --locks rwsem --cpus 1
refused 'cpus=0: out of range, 1..255' $smoke --cpus 0
refused 'seed=-x: not a number' $smoke --seed=-x
refused 'name=a/b: of letters, digits' $smoke --name a/b
refused '--workers=0: not a number from 1 to 1024' $smoke --workers 0
refused "unknown option '--piars'; did you mean '--pairs'?" $smoke --piars 3
refused "unknown option '--zzz'; 'mlocklab run --help' lists what there is" $smoke --zzz 3
refused "'--c' may be --config or --cpus" $smoke --c 3
refused '--stop-early takes no value' $smoke --stop-early=3
expect 2 mlocklab run $smoke --pairs
says '--pairs takes a value: --pairs N'
refused 'name one experiment file, such as configs/core.ini, or a run to --resume' $smoke $smoke
refused "no program '/nonexistent/qemu': --qemu takes the path of a qemu-system-x86_64" $smoke --qemu /nonexistent/qemu
refused 'is not UTF-8' $smoke --pairs 1 --cmdline "$(printf 'a=\377')"

# Without QEMU at all
for program in sha256sum sh cat; do
	mkdir -p "$tmp/bin" && ln -s "$(command -v $program)" "$tmp/bin/"
done
PATH=$tmp/bin expect 2 "$libexec/mlocklab-run" $smoke --out "$tmp/run"
says "no qemu-system-x86_64 on PATH: run 'make deps', or install the package qemu-system-x86"

# --- a run to go on with ---
expect 2 mlocklab run --resume "$tmp/none"
says "'$tmp/none' is not a run: it has no run.json"
mkdir "$tmp/broken"
echo '{"format":1,' >"$tmp/broken/run.json"
expect 2 mlocklab run --resume "$tmp/broken"
says "$tmp/broken/run.json:2:0: not JSON"
echo '{"format":9}' >"$tmp/broken/run.json"
expect 2 mlocklab run --resume "$tmp/broken"
says "is of format 9: this mlocklab knows up to 2"
echo '{"format":1,"arms":[],"cells":[]}' >"$tmp/broken/run.json"
expect 2 mlocklab run --resume "$tmp/broken"
says 'run.json has no arms, cells or workloads'
expect 2 mlocklab run --resume "$tmp/broken" --pairs 3
says 'only --workers, --on, --slurm, --submit, --boots, --qemu, --ktap and --show-command may stand'

# --- the directory ---
expect 2 mlocklab run $smoke --out "$tmp/no/such/place"
says "cannot create directory '$tmp/no/such/place': No such file or directory"
echo >"$tmp/file"
expect 2 mlocklab run $smoke --out "$tmp/file"
says "$tmp/file"

# --- verbs that hand options on, and verbs that are handed some ---
expect 2 ./mlocklab repeat --pairs 3 "$tmp/none" # 3 is the value of --pairs, not the run
says "mlocklab repeat: cannot open '$tmp/none/run.json'"
expect 0 ./mlocklab profile --show-command debian:5.10 debian:6.1 null # it takes no value
grep -q '^# old: debian:5.10$' "$out" || die "not the commands of its boots: $(cat "$out")"
expect 2 ./mlocklab ab --workers 0 # what run is handed on is read before anything is begun
says 'mlocklab ab: --workers=0: not a number from 1 to 1024'
expect 2 ./mlocklab ab --old debian:5.10 --new ubuntu:6.1
says "mlocklab ab: kernel spec 'ubuntu:6.1' is none of" # not mlocklab-run, which nobody typed
expect 2 ./mlocklab ab --kernel debian:5.10
says "--kernel is an option of 'mlocklab run', not of 'mlocklab ab'"
expect 2 ./mlocklab report --margin 2x results/reference
says '--margin=2x: not a share such as 2% or 0.02'
expect 2 ./mlocklab explain --format svgg results/reference
says "--format=svgg: one of text, markdown, csv, folded, svg; did you mean 'svg'?"
expect 2 ./mlocklab compare --old odl results/reference
says "has no arm 'odl'; did you mean 'old'?"
cell=$(sed -n 's/^ *"id": "\(exit-mlocked[^"]*\)",$/\1/p' results/reference/run.json | head -n 1)
expect 2 ./mlocklab repeat results/reference --cell "${cell%?}"
says "the run has no cell '${cell%?}'; did you mean '$cell'?"
expect 2 ./mlocklab describe exit-mlokced
says "mlocklab describe: exit-mlokced: no such workload; did you mean 'exit-mlocked'?"

# --- the dispatcher ---
expect 2 ./mlocklab reprot
says "no verb 'reprot'; did you mean 'report'?"
expect 2 ./mlocklab nosuch
says "no verb 'nosuch'; 'mlocklab --help' lists them"
expect 2 ./mlocklab ../libexec/mlocklab-run
says 'no verb'
expect 2 ./mlocklab
expect 0 ./mlocklab --help
grep -q '^  run ' "$out" || die 'the help does not list run'
for verb in "$libexec"/mlocklab-*; do
	expect 0 ./mlocklab "${verb##*/mlocklab-}" --help
	grep -q '^usage: mlocklab ' "$out" || die "${verb##*/} --help gives no usage"
done

echo "$checks messages and exit codes"
