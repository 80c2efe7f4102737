#include "analysis/write/svg.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <string.h>

/* The palette's wine, blue and vermilion are too dark for dark paper; grid lines stay behind on
 * either. */
static const char svg_style[] =
	"svg{color:#1d2126;background:#fff}.paper{color:#fff}"
	"@media(prefers-color-scheme:dark){svg{color:#e4e7eb;background:#15181c}.paper{color:#"
	"15181c}"
	"[stroke='rgb(136,  34,  85)']{stroke:#dd77aa}[color='rgb(136,  34,  85)']{color:#dd77aa}"
	"[fill='rgb(136,  34,  85)']{fill:#dd77aa}"
	"[stroke='rgb(  0,  96, 168)']{stroke:#6fbcf5}[color='rgb(  0,  96, 168)']{color:#6fbcf5}"
	"[fill='rgb(  0,  96, 168)']{fill:#6fbcf5}"
	"[stroke='rgb(176,  74,   0)']{stroke:#ff9d52}[color='rgb(176,  74,   0)']{color:#ff9d52}"
	"[fill='rgb(176,  74,   0)']{fill:#ff9d52}"
	"[stroke='rgb(227, 227, 227)'],[color='rgb(227, 227, 227)']{stroke:#33383e;color:#33383e}}";

static bool is_black(const xmlChar *value)
{
	return !strcmp((const char *)value, "black") ||
	       !strcmp((const char *)value, "rgb(  0,   0,   0)");
}

static void set(xmlNode *node, const char *name, const char *value)
{
	xmlSetProp(node, BAD_CAST name, BAD_CAST value);
}

static bool is_named(const xmlNode *node, const char *name)
{
	return node->type == XML_ELEMENT_NODE && !strcmp((const char *)node->name, name);
}

static void adapt_colours(xmlNode *node)
{
	static const char *const painted[] = {"fill", "stroke"};
	xmlChar *value = xmlGetProp(node, BAD_CAST "color");

	/* what gnuplot's groups are coloured with before each sets its own */
	if (value &&
	    (is_black(value) || !strcmp((char *)value, "gray") || !strcmp((char *)value, "white")))
		xmlUnsetProp(node, BAD_CAST "color");
	/* what keeps a line from running into its marker has the paper's colour */
	if (value && is_named(node, "use") && !strcmp((char *)value, "white"))
		set(node, "class", "paper");
	xmlFree(value);
	for (size_t i = 0; i < 2; i++) {
		value = xmlGetProp(node, BAD_CAST painted[i]);
		if (value && is_black(value))
			set(node, painted[i], "currentColor");
		xmlFree(value);
	}
	xmlUnsetProp(node, BAD_CAST "shape-rendering");
}

/* The names of series, which would show as tooltips, the program's, its comments, empty groups. */
static bool is_idle(const xmlNode *node)
{
	if (is_named(node, "g") && !xmlChildElementCount((xmlNode *)node))
		return true;
	return node->type == XML_COMMENT_NODE || is_named(node, "title") ||
	       is_named(node, "desc") ||
	       (node->type == XML_TEXT_NODE && xmlIsBlankNode(node) &&
		!is_named(node->parent, "text") && !is_named(node->parent, "tspan"));
}

static void adapt_below(xmlNode *parent)
{
	for (xmlNode *node = parent->children, *next; node; node = next) {
		next = node->next;
		if (node->type == XML_ELEMENT_NODE) {
			adapt_colours(node);
			adapt_below(node);
		}
		if (is_idle(node)) {
			xmlUnlinkNode(node);
			xmlFreeNode(node);
		}
	}
}

static void add_head(const struct plot *p, xmlNode *root)
{
	xmlNode *title = xmlNewTextChild(root, NULL, BAD_CAST "title", BAD_CAST p->title), *style;
	char *box = xasprintf("0 0 %d %d", PLOT_WIDTH, p->height);

	set(root, "viewBox", box);
	set(root, "role", "img");
	set(root, "aria-labelledby", "title");
	set(title, "id", "title");
	xmlAddPrevSibling(root->children, title);
	style = xmlNewTextChild(root, NULL, BAD_CAST "style", BAD_CAST svg_style);
	xmlAddNextSibling(title, style);
	free(box);
}

/* gnuplot escapes < and &, not the > that may not follow two brackets. */
static void escape_brackets(const struct str *svg, struct str *out)
{
	const char *at = str_text(svg), *end;

	for (; (end = strstr(at, "]]>")); at = end + 3) {
		str_addn(out, at, (size_t)(end - at));
		str_add(out, "]]&gt;");
	}
	str_add(out, at);
}

int plot_svg_adapt(const struct plot *p, const struct str *svg, struct str *out, struct err *err)
{
	struct str text = STR_INIT;
	xmlDoc *doc;
	xmlNode *root;
	xmlBuffer *to = xmlBufferCreate();
	int ret = 0;

	escape_brackets(svg, &text);
	doc = xmlReadMemory(str_text(&text), (int)text.len, NULL, NULL,
			    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	root = doc ? xmlDocGetRootElement(doc) : NULL;
	str_release(&text);

	if (!root || !is_named(root, "svg") || !to) {
		ret = err_set(err, "what gnuplot drew as '%s.svg' is no SVG", p->name);
	} else {
		adapt_below(root);
		add_head(p, root);
		if (xmlNodeDump(to, doc, root, 0, 0) < 0)
			ret = err_set(err, "out of memory for '%s.svg'", p->name);
		str_addn(out, xmlBufferContent(to), (size_t)xmlBufferLength(to));
		str_add(out, "\n");
	}
	xmlBufferFree(to);
	xmlFreeDoc(doc);
	return ret;
}
