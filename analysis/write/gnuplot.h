/* The one file that starts gnuplot. */
#ifndef ANALYSIS_WRITE_GNUPLOT_H
#define ANALYSIS_WRITE_GNUPLOT_H

#include <stdbool.h>
#include "lib/err.h"
#include "lib/str.h"

#define PLOT_GNUPLOT_MISSING "gnuplot is not installed; 'apt-get install gnuplot-nox' installs it"

bool plot_gnuplot_found(void);
/* What is started to run a script: no start-up file of the user's or the system's is read. */
void plot_gnuplot_argv(const char *script, struct strv *argv);
/* Runs the script DIR/SCRIPT in DIR, where its pictures appear. */
int plot_gnuplot_run(const char *dir, const char *script, struct err *err);

#endif
