/*
 * XML, and HTML that is XML too, through libxml2's writer: what is text or an attribute's value is
 * escaped because there is no other way to write it, and elements nest because the writer holds the
 * stack. Text may come from anywhere: it goes through str_mend() first.
 */
#ifndef ANALYSIS_WRITE_XML_H
#define ANALYSIS_WRITE_XML_H

#include "lib/str.h"

struct xml {
	struct _xmlTextWriter *writer;
	struct _xmlBuffer *to;
};

void xml_begin(struct xml *x);
/* Appends what was written, all elements closed, and a newline to out, and releases x. */
void xml_end(struct xml *x, struct str *out);

/* Opens an element; `name` is a constant. */
void xml_open(struct xml *x, const char *name);
/* Of the element that was opened last, before anything was put into it. */
void xml_attr(struct xml *x, const char *name, const char *value);
void xml_attrf(struct xml *x, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The value is `prefix` and then the bytes of `data` in base64. */
void xml_attr_data(struct xml *x, const char *name, const char *prefix, const char *data);
void xml_text(struct xml *x, const char *text);
void xml_textf(struct xml *x, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Closes the element that was opened last, with an end tag of its own, as HTML wants it... */
void xml_close(struct xml *x);
/* ...or as an empty element: of SVG, or one of HTML's that have no end. */
void xml_empty(struct xml *x);
/* <name>text</name> */
void xml_element(struct xml *x, const char *name, const char *text);
/* <style> with a sheet of ours. */
void xml_style(struct xml *x, const char *sheet);

#endif
