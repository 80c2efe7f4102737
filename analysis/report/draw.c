#include "analysis/report/draw.h"

#include <stdlib.h>

#include "analysis/write/gnuplot.h"
#include "analysis/write/svg.h"
#include "lib/fs.h"

/* Reads what gnuplot drew and leaves it in the file and the block as it is to be shown. */
static int take_picture(struct block *b, const char *dir, struct err *err)
{
	struct str drawn = STR_INIT, shown = STR_INIT;
	char *path = xasprintf("%s/%s.svg", dir, b->name);
	int ret = fs_read(path, &drawn, err);

	if (ret == 0)
		ret = plot_svg_adapt(b->plot, &drawn, &shown, err);
	if (ret == 0) {
		b->svg = xstrdup(str_text(&shown));
		ret = fs_write_atomic(path, shown.buf, shown.len, err);
	}
	free(path);
	str_release(&drawn);
	str_release(&shown);
	return ret;
}

int report_draw(struct doc *d, const char *dir, struct err *err)
{
	struct str script = STR_INIT;
	char *path;
	int ret;

	for (size_t i = 0; i < d->n; i++)
		if (d->v[i].plot && plot_has_points(d->v[i].plot))
			plot_script(d->v[i].plot, &script);
	path = xasprintf("%s/plots.gp", dir);
	ret = fs_write_atomic(path, str_text(&script), script.len, err);
	free(path);
	str_release(&script);
	if (!ret)
		ret = plot_gnuplot_run(dir, "plots.gp", err);
	for (size_t i = 0; i < d->n && !ret; i++)
		if (d->v[i].plot && plot_has_points(d->v[i].plot))
			ret = take_picture(&d->v[i], dir, err);
	return ret;
}
