#!/bin/sh
# The report of the stored reference run: whole, repeatable, safe, and readable in a browser.
# shellcheck source=tests/common.sh
. "$(dirname "$0")/../common.sh"

run=$tmp/run
page=$run/report/index.html
cp -r results/reference "$run"
rm -rf "$run/report"

# named as a user does, from where it lies
(cd "$tmp" && "$OLDPWD/$libexec/mlocklab-report" "${run#"$tmp"/}") >"$out" 2>"$err" || { cat "$err"; die 'a relative path'; }
expect 0 mlocklab report "$run"
same "$(cat "$out")" "$page" 'the line printed'
for file in index.html report.md report.txt compare.json plots.gp; do
	[ -s "$run/report/$file" ] || die "$file is missing or empty"
done

# Without gnuplot there is a report all the same, and it says what is missing.
cp -r "$run" "$tmp/plain"
(
	PATH=$tmp
	expect 0 mlocklab report "$tmp/plain"
)
says "apt-get install gnuplot-nox"
grep -q '</html>' "$tmp/plain/report/index.html" || die 'without gnuplot there is no page'
! grep -q '<img' "$tmp/plain/report/index.html" || die 'there are pictures without gnuplot'
command -v gnuplot >/dev/null || skip 'no gnuplot: the rest is about pictures'

# the images, and the forest of ratios, which stands in the page
pictures=$(($(grep -o '<img [^>]*src="[^"/]*\.svg"' "$page" | wc -l) + 1))
grep -q '<table class="forest">' "$page" || die 'there is no forest of ratios'
[ "$(wc -c <"$page")" -lt 300000 ] || die "the page has $(wc -c <"$page") bytes"
[ "$pictures" -ge 5 ] || die "there are only $pictures pictures"
same "$(find "$run/report" -name '*.svg' | wc -l)" "$pictures" 'pictures as files'
sed -n 's/^!\[.*](\(.*\))$/\1/p' "$run/report/report.md" >"$tmp/links"
same "$(wc -l <"$tmp/links")" "$pictures" 'pictures in the Markdown'
while read -r name; do
	[ -s "$run/report/$name" ] || die "report.md shows $name, which is missing"
	[ -s "$run/report/${name%.svg}.csv" ] || [ "$name" = forest.svg ] || die "$name has no .csv"
done <"$tmp/links"
same "$(grep -o ' id="[^"]*' "$page" | sort | uniq -d)" '' 'ids used twice'
same "$(grep -cE '<script|(src|href)=.?(https?:|//)|@import|url\(' "$page")" 0 \
	'scripts and addresses in the page'
grep -q "Content-Security-Policy\" content=\"default-src 'none';" "$page" || die 'the page has no policy'

# The same run gives the same bytes.
cp -r "$run/report" "$tmp/first"
expect 0 mlocklab report "$run"
diff -r "$tmp/first" "$run/report" >"$tmp/diff" || die "a second report differs: $(head -n 3 "$tmp/diff")"

# A report that cannot be made costs nothing: the one before it stays, and what else lies there.
echo mine >"$run/report/timeline.html"
mkdir "$tmp/bin"
printf '#!/bin/sh\nexit 3\n' >"$tmp/bin/gnuplot"
chmod +x "$tmp/bin/gnuplot"
PATH=$tmp/bin:$PATH expect 2 mlocklab report "$run"
says gnuplot
rm "$run/report/timeline.html"
diff -r "$tmp/first" "$run/report" >"$tmp/diff" || die "a failure changed the report: $(head -n 3 "$tmp/diff")"
echo mine >"$run/report/timeline.html"
echo old >"$run/report/gone.svg"
echo gone.svg >>"$run/report/.files"
expect 0 mlocklab report "$run"
same "$(cat "$run/report/timeline.html")" mine 'what is not of the report'
[ ! -e "$run/report/gone.svg" ] || die 'a picture of the report before is left'
rm "$run/report/timeline.html"
diff -r "$tmp/first" "$run/report" >"$tmp/diff" || die "the report differs: $(head -n 3 "$tmp/diff")"
cp -r "$run" "$tmp/linked"
rm -r "$tmp/linked/report"
ln -s "$tmp/first" "$tmp/linked/report"
expect 2 mlocklab report "$tmp/linked"
says "linked/report' is no directory"

# Of two runs each keeps its own report, and with --output they stay as they are.
cp -r "$run" "$tmp/other"
expect 0 mlocklab report --output "$tmp/two" --old old --new new "$run" "$tmp/other"
same "$(cat "$out")" "$tmp/two/index.html" 'the line printed with --output'
diff -r "$run" "$tmp/other" >"$tmp/diff" || die "--output left a mark: $(head -n 3 "$tmp/diff")"
expect 0 mlocklab report --old old --new new "$run" "$tmp/other"
same "$(cat "$out")" "$tmp/other/report-against-run/index.html" 'the report of two runs'
diff -r "$run/report" "$tmp/other/report" >"$tmp/diff" || die "its own report differs: $(head -n 3 "$tmp/diff")"

# What cannot be written is said.
if [ -c /dev/full ]; then
	for verb in 'report' 'compare' 'compare --format csv' 'claims' 'claims --format json' 'plan --pilot'; do
		# shellcheck disable=SC2086 # words
		mlocklab $verb "$run" >/dev/full 2>"$err"
		same $? 2 "exit code of $verb on a full disk"
		says 'cannot write standard output: No space left on device'
	done
	mkdir "$tmp/results"
	cp -r "$run" "$tmp/results"
	mlocklab history --results "$tmp/results" exit >/dev/full 2>"$err"
	same $? 2 'exit code of history on a full disk'
	says 'cannot write standard output: No space left on device'
fi

# What a guest or a file says is text, whatever it says.
# shellcheck disable=SC2016 # it is not to be expanded
evil='<script>alert(1)</script>'"'"'`x`$(x)'
unsealed='s|"format": 2|"format": 1|; s|"plan_sha256"|"no_sha256"|' # a run without sums, which may say anything
cp -r "$run" "$tmp/evil"
sed "s|\"cpu\": \"[^\"]*\"|\"cpu\": \"$evil\"|; s|\"name\": \"[a-z]*\",\$|&|; \
	s|\"release\": \"[^\"]*\"|\"release\": \"$evil\"|; $unsealed" "$run/run.json" >"$tmp/evil/run.json"
expect 0 mlocklab report "$tmp/evil"
grep -q '&lt;script&gt;alert(1)' "$tmp/evil/report/index.html" || die 'the planted text is not shown'
same "$(grep -c '<script' "$tmp/evil/report/index.html")" 0 'planted scripts in the page'
same "$(grep -lE '<script' "$tmp/evil/report/"*.svg)" '' 'planted scripts in a picture'
same "$(cat "$tmp/evil/report/"* | tr -dc '\033' | wc -c)" 0 'escape characters in the report'
# but what a terminal would obey, or what turns the direction of writing, is no name of anything
for control in 001b 202e; do
	sed 's|"cpu": "[^"]*"|"cpu": "\\u'$control'[31m"|; '"$unsealed" "$run/run.json" >"$tmp/evil/run.json"
	expect 2 mlocklab report "$tmp/evil"
	says 'holds a control character'
done

expect 2 mlocklab report
says 'one run or two are wanted'
expect 2 mlocklab report "$tmp/none"
says "$tmp/none"

command -v chromium >/dev/null || skip 'no chromium: what the page looks like is not checked'

# Opens all that is folded, measures, and tells the page around it what is wrong.
cat >"$tmp/probe.html" <<'END'
<style>figure svg { display: block; max-width: 100%; height: auto }</style>
<script>
const bad = [], root = document.documentElement;
document.querySelectorAll('details').forEach(d => d.open = true);
if (root.scrollWidth > root.clientWidth)
	bad.push('the page is ' + root.scrollWidth + ' wide in ' + root.clientWidth);
function luminance(colour) {
	return colour.match(/[\d.]+/g).slice(0, 3).map(v => v / 255)
		.map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
		.reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
}
const paper = luminance(getComputedStyle(document.body).backgroundColor);
function contrast(colour, on) {
	const ink = luminance(colour);
	const paper = luminance(getComputedStyle(on || document.body).backgroundColor);
	return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
}
// the ratio 1, each verdict and all that the table of the largest changes shows are in view, however narrow the page
const rows = document.querySelectorAll('.forest tr');
for (const e of document.querySelectorAll('.forest .one, .forest td:last-child, .largest td')) {
	const box = e.getBoundingClientRect();
	if (box.width + box.height > 0 && (box.left < 0 || box.right > root.clientWidth))
		bad.push('out of view: ' + e.textContent + e.getAttribute('class'));
}
if (rows.length < 5)
	bad.push('no forest: ' + rows.length + ' rows');
for (const e of document.querySelectorAll('p, h1, h2, th, td, caption, summary, a'))
	if (contrast(getComputedStyle(e).color) < 4.5)
		bad.push('hard to read: ' + e.textContent);
for (const e of document.querySelectorAll('.badge strong'))
	if (contrast(getComputedStyle(e).color, e) < 4.5)
		bad.push('hard to read: ' + e.textContent);
for (const use of document.querySelectorAll('use'))
	if (!document.querySelector(use.getAttribute('xlink:href')))
		bad.push('nothing is called ' + use.getAttribute('xlink:href'));
const pictures = document.querySelectorAll('figure svg'), wide = root.clientWidth > 800;
for (const svg of pictures) {
	const box = svg.getBoundingClientRect();
	const texts = [...svg.querySelectorAll('text')].filter(t => t.textContent.trim());
	const boxes = texts.map(t => t.getBoundingClientRect());
	if (box.width < 300 || box.height < 50 || texts.length < 4)
		bad.push('no picture: ' + svg.id + box.width + 'x' + box.height);
	texts.forEach((t, i) => {
		const a = boxes[i];
		if (a.left < box.left - 1 || a.right > box.right + 1 || a.top < box.top - 1 ||
		    a.bottom > box.bottom + 1)
			bad.push('clipped: ' + t.textContent);
		if (contrast(getComputedStyle(t).fill) < 4.5)
			bad.push('hard to read: ' + t.textContent);
		if (wide && a.height < 9)
			bad.push('too small: ' + t.textContent);
		boxes.slice(0, i).forEach((b, j) => {
			if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 &&
			    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4)
				bad.push('overlap: ' + t.textContent + ' and ' + texts[j].textContent);
		});
	});
}
if (performance.getEntriesByType('resource').length)
	bad.push('it loads ' + performance.getEntriesByType('resource')[0].name);
const found = 'width=' + root.clientWidth + ' dark=' + (paper < 0.1) + ' pictures=' +
	(pictures.length + 1) + ' bad=' + bad.length + '\n' + bad.slice(0, 20).join('\n');
parent.postMessage(found, '*');
</script>
END
# A page cannot look into its images, and its policy lets no script look at it: here they stand in it.
awk -v dir="$run/report" -v probe="$tmp/probe.html" '
function show(file, line) {
	while ((getline line <file) > 0)
		print line
	close(file)
}
{
	sub(/<meta http-equiv="Content-Security-Policy"[^>]*>/, "")
	while (match($0, /<img [^>]*src="[^"]*"[^>]*>/)) {
		name = substr($0, RSTART, RLENGTH)
		print substr($0, 1, RSTART - 1)
		$0 = substr($0, RSTART + RLENGTH)
		sub(/.* src="/, "", name)
		sub(/".*/, "", name)
		show(dir "/" name)
	}
	if (match($0, /<\/main>/))
		show(probe)
	print
}' "$page" >"$tmp/probed.html"

# The page itself runs nothing, not even what is planted in it.
sed 's|</main>|<script>document.title = "ran"</script>&|' "$page" >"$tmp/planted.html"

# browse WIDTH DARK [FLAG...]: the page in a frame, as no window gets as narrow as a phone
browse() {
	width=$1 dark=$2
	shift 2
	cat >"$tmp/frame.html" <<-END
		<meta name=color-scheme content="light dark"><pre id=found></pre><script>
		onmessage = e => document.getElementById('found').textContent = e.data;
		</script><iframe src=probed.html style="border:0;width:${width}px;height:900px"></iframe>
	END
	rm -rf "$tmp/profile"
	timeout 120 chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
		--disable-background-networking --disable-component-update --disable-sync \
		--hide-scrollbars --user-data-dir="$tmp/profile" --window-size=1400,1000 "$@" \
		--dump-dom "file://$tmp/frame.html" >"$out" 2>"$err"
	grep -q "width=$width dark=$dark pictures=$pictures bad=0" "$out" || {
		sed 's/<[^>]*>//g' "$out"
		die "the page at width $width, dark $dark"
	}
	checks=$((checks + 1))
}

timeout 120 chromium --headless --no-sandbox --disable-gpu --disable-quic --no-first-run \
	--user-data-dir="$tmp/profile" --dump-dom "file://$tmp/planted.html" >"$out" 2>"$err"
grep -q '<script>document.title' "$out" || die 'the planted script is not in the page'
! grep -q '<title>ran' "$out" || die 'a planted script ran'
browse 1280 false --blink-settings=preferredColorScheme=1
browse 1280 true --blink-settings=preferredColorScheme=0
browse 390 false --blink-settings=preferredColorScheme=1
browse 390 true --blink-settings=preferredColorScheme=0

echo "$checks checks, $pictures pictures at two widths, light and dark"
