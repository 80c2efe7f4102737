#!/bin/sh
# Many boots and records are stored, listed and reported in bounded memory, none lost; and the page of
# 200 cells can be used. The guests have measured the moment they start (tests/tools/stand-in.c); all
# else is the real thing. `make check-load` takes 2000 boots and a million records.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

pairs=${PAIRS:-50}
boots=$((2 * pairs))
procs=$(seq -s, 1 25)

# What nobody should need more than, in MiB
store_mib=64 list_mib=96 report_mib=160
said=

expect 0 mlocklab kernels fetch debian:5.10 debian:6.1

# experiment PAIRS LINE...: so many cells as the lines make
experiment() {
	printf '%s\n' '[global]' name=load target=icount "pairs=$1" iterations=9 warmup=1
	printf '%s\n' '[arm:old]' kernel=debian:5.10 '[arm:new]' kernel=debian:6.1 '[exit]' workload=exit-mlocked
	shift
	printf '%s\n' "procs=$procs" lock=mlock,none "$@"
}

# measured WHAT MIB VERB...: it succeeds within that memory; what it took goes into the last line
measured() {
	what=$1 most=$2 verb=$3
	shift 3
	expect 0 build/measured "$tmp/took" "$libexec/mlocklab-$verb" "$@"
	read -r seconds mib _ <"$tmp/took"
	# sanitizers keep books of all memory
	[ "$mib" -le "$most" ] || [ "$libexec" != build/libexec ] || die "$what took $mib MiB, above $most"
	said="$said; $what in $seconds s, $mib MiB"
}

# --- many boots ---
experiment "$pairs" >"$tmp/x.ini"
mkdir "$tmp/results"
run=$tmp/results/load
measured stored "$store_mib" run "$tmp/x.ini" --qemu tests/fake/qemu-fast --workers 2 --out "$run"
same "$(member "$run/run.json" status)" complete 'the run'
same "$(cat "$run"/boots/*/samples.jsonl | wc -l)" $((boots * 500)) 'records stored'
same "$(cat "$run"/boots/*/boot.json | grep -c '"outcome": "ok"')" "$boots" 'boots that are ok'
measured listed "$list_mib" history --all --results "$tmp/results" exit
same "$(grep -c " $pairs\$" "$out")" 100 'figures of each cell and kernel, of all boots'
measured compared "$report_mib" compare "$run"
tr '\n' ' ' <"$out" | grep -q 'BETTER: 25 of 25 cells (25 of 25 controls)' || die 'a tenth less is not found'
measured reported "$report_mib" report "$run"
size=$(wc -c <"$run/report/index.html")
[ "$size" -lt 12000000 ] || die "the page has $size bytes"
rm -rf "$run"

# --- many cells ---
experiment 6 size=1M,2M,4M,8M >"$tmp/x.ini"
run=$tmp/results/cells
expect 0 mlocklab run "$tmp/x.ini" --qemu tests/fake/qemu-fast --workers 2 --out "$run"
measured '200 cells reported' "$report_mib" report "$run"
page=$run/report/index.html
size=$(wc -c <"$page")
[ "$size" -lt 4000000 ] || die "the page of 200 cells has $size bytes"
same "$(sed -n '/<summary>The figures/,/<\/table>/s/<th scope="row">/&/p' "$page" | wc -l)" 200 'rows of the table of all cells'
[ "$(grep -c '<details class="section">' "$page")" -ge 6 ] || die 'the sections are missing'
same "$(grep -c '<td class="strip">' "$page")" 61 'rows of the forest and its axis'
grep -q '60 cells of 100, first what got worse' "$page" || die 'the forest does not say what it leaves out'

if command -v chromium >/dev/null; then
	# folded as it opens, and all unfolded; in a frame, as no window gets as narrow as a phone
	cat >"$tmp/probe.html" <<-'END'
		<script>
		const root = document.documentElement, high = root.scrollHeight;
		document.querySelectorAll('details').forEach(d => d.open = true);
		parent.postMessage('wide=' + (root.scrollWidth > root.clientWidth) + ' screens=' + Math.round(high / 900) +
			' unfolded=' + Math.round(root.scrollHeight / 900), '*');
		</script>
	END
	sed "s/<meta http-equiv=.Content-Security-Policy[^>]*>//; /<\/body>/{
	r $tmp/probe.html
	N
	}" "$page" >"$tmp/probed.html"
	for width in 390 1280; do
		cat >"$tmp/frame.html" <<-END
			<pre id=found></pre><script>
			onmessage = e => document.getElementById('found').textContent = e.data;
			</script><iframe src=probed.html style="border:0;width:${width}px;height:900px"></iframe>
		END
		# its own time, or what the frame tells can come after the page was printed
		timeout 300 chromium --headless --virtual-time-budget=20000 --no-sandbox --disable-gpu --disable-quic --no-first-run \
			--disable-background-networking --disable-component-update --disable-sync \
			--hide-scrollbars --user-data-dir="$tmp/profile" --window-size=1400,1000 \
			--dump-dom "file://$tmp/frame.html" >"$out" 2>"$err"
		found=$(sed -n 's/.*<pre id="found">\([^<]*\).*/\1/p' "$out")
		case $found in
		wide=false*) ;;
		*) die "the page at width $width: $found" ;;
		esac
		screens=$(echo "$found" | sed 's/.*screens=\([0-9]*\).*/\1/')
		echo "at width $width: $found"
		[ "$screens" -le 40 ] || die "the page at width $width is $screens screens long before anything is unfolded"
		checks=$((checks + 1))
	done
fi

echo "$boots boots, $((boots * 500)) records, none lost$said"
