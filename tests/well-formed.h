/* What is held of every page and picture that the lab writes, whatever texts are in it. */
#ifndef TESTS_WELL_FORMED_H
#define TESTS_WELL_FORMED_H

#include <libxml/parser.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include "lib/str.h"

/* Elements that run or fetch something, or take the page elsewhere. */
static inline bool is_harmful(const xmlNode *node)
{
	static const char *const names[] = {"script", "iframe", "object", "embed",
					    "base",   "form",	"link",	  "foreignObject"};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcasecmp((const char *)node->name, names[i]))
			return true;
	for (const xmlAttr *a = node->properties; a; a = a->next) {
		xmlChar *value = xmlNodeListGetString(node->doc, a->children, 1);
		bool bad = !strncasecmp((const char *)a->name, "on", 2) ||
			   (value &&
			    strstr((const char *)value, "javascript:") == (const char *)value);

		xmlFree(value);
		if (bad)
			return true;
	}
	return false;
}

static inline bool is_harmless(const xmlNode *node)
{
	for (; node; node = node->next)
		if (node->type == XML_ELEMENT_NODE &&
		    (is_harmful(node) || !is_harmless(node->children)))
			return false;
	return true;
}

/* NULL, or what is wrong with the text: static. */
static inline const char *ill_formed(const char *text, size_t n)
{
	char *mended = xstrndup(text, n);
	xmlDoc *doc = xmlReadMemory(text, (int)n, NULL, NULL,
				    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
					    XML_PARSE_HUGE);
	const char *wrong = !doc ? "it is not well-formed" : NULL;

	str_mend(mended);
	if (!wrong && !is_harmless(xmlDocGetRootElement(doc)))
		wrong = "it holds what runs or loads";
	if (!wrong && (strlen(mended) != n || memcmp(mended, text, n)))
		wrong = "it holds what is not printable";
	xmlFreeDoc(doc);
	free(mended);
	return wrong;
}

#endif
