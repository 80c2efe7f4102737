/* The look of the report page. */
#ifndef ANALYSIS_WRITE_HTML_STYLE_H
#define ANALYSIS_WRITE_HTML_STYLE_H

extern const char html_style[];

#endif
