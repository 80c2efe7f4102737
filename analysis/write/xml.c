#include "analysis/write/xml.h"

#include <libxml/xmlwriter.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* libxml2 leaves out, without a word, what it has no memory for: as all else here it ends the
 * program. */
__attribute__((constructor)) static void take_memory(void)
{
	xmlMemSetup(free, xmalloc, xrealloc, xstrdup);
}

/* The writer goes to memory and is called in order: only memory can fail it. */
static void done(int written)
{
	if (written < 0) {
		fputs("out of memory\n", stderr);
		abort();
	}
}

void xml_begin(struct xml *x)
{
	x->to = xmlBufferCreate();
	x->writer = x->to ? xmlNewTextWriterMemory(x->to, 0) : NULL;
	done(x->writer ? 0 : -1);
	/* a buffer that grows by a constant would be copied over and over */
	xmlBufferSetAllocationScheme(x->to, XML_BUFFER_ALLOC_DOUBLEIT);
}

void xml_end(struct xml *x, struct str *out)
{
	done(xmlTextWriterEndDocument(x->writer));
	xmlFreeTextWriter(x->writer);
	str_addn(out, xmlBufferContent(x->to), (size_t)xmlBufferLength(x->to));
	xmlBufferFree(x->to);
}

void xml_open(struct xml *x, const char *name)
{
	done(xmlTextWriterStartElement(x->writer, BAD_CAST name));
}

void xml_attr(struct xml *x, const char *name, const char *value)
{
	char *clean = xstrdup(value);

	str_mend(clean);
	done(xmlTextWriterWriteAttribute(x->writer, BAD_CAST name, BAD_CAST clean));
	free(clean);
}

static char *format(const char *fmt, va_list ap)
{
	char *text;

	done(vasprintf(&text, fmt, ap));
	return text;
}

void xml_attrf(struct xml *x, const char *name, const char *fmt, ...)
{
	va_list ap;
	char *value;

	va_start(ap, fmt);
	value = format(fmt, ap);
	va_end(ap);
	xml_attr(x, name, value);
	free(value);
}

void xml_attr_data(struct xml *x, const char *name, const char *prefix, const char *data)
{
	done(xmlTextWriterStartAttribute(x->writer, BAD_CAST name));
	done(xmlTextWriterWriteString(x->writer, BAD_CAST prefix));
	done(xmlTextWriterWriteBase64(x->writer, data, 0, (int)strlen(data)));
	done(xmlTextWriterEndAttribute(x->writer));
}

void xml_text(struct xml *x, const char *text)
{
	char *clean = xstrdup(text);

	str_mend(clean);
	done(xmlTextWriterWriteString(x->writer, BAD_CAST clean));
	free(clean);
}

void xml_textf(struct xml *x, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = format(fmt, ap);
	va_end(ap);
	xml_text(x, text);
	free(text);
}

void xml_close(struct xml *x)
{
	done(xmlTextWriterFullEndElement(x->writer));
}

void xml_empty(struct xml *x)
{
	done(xmlTextWriterEndElement(x->writer));
}

void xml_element(struct xml *x, const char *name, const char *text)
{
	xml_open(x, name);
	xml_text(x, text);
	xml_close(x);
}

void xml_style(struct xml *x, const char *sheet)
{
	xml_open(x, "style");
	done(xmlTextWriterWriteRaw(x->writer, BAD_CAST sheet));
	xml_close(x);
}
