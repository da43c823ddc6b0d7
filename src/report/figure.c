/* figure.c: a figure as a file with its script and data beside it, or as part of a page. */
#include "figure.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

static aj_status write_file(const char *path, const ajp_text *text, aj_error *err)
{
    ajp_file_writer writer;
    AJ_TRY(ajp_file_writer_open(&writer, NULL, path, err));
    aj_status st = ajp_text_write(text, writer.stream, err);
    if (st == AJ_OK) return ajp_file_writer_commit(&writer, err);
    ajp_file_writer_abort(&writer);
    return st;
}

aj_status ajp_figure_kind_of(const char *path, ajp_figure_kind *kind, aj_error *err)
{
    static const char *const endings[] = {".svg", ".pdf", ".png"};
    size_t length = strlen(path);
    for (const char *at = path; *at != '\0'; at++) /* they would end a line of the script */
        if ((unsigned char)*at < 0x20)
            return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "figure: its path has a control character");
    for (int i = 0; i < 3; i++) {
        if (length < 5 || strcmp(path + length - 4, endings[i]) != 0) continue;
        *kind = (ajp_figure_kind)i;
        return AJ_OK;
    }
    return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "%s: a figure's name must end in .svg, .pdf or .png", path);
}

/* Script and data at stem.gp and stem.dat. */
static aj_status write_sources(const ajp_view *view, ajp_figure_kind kind, const char *script_path,
                               const char *data_path, aj_error *err)
{
    ajp_text script = {0}, data = {0};
    ajp_figure_script(view, kind, data_path, &script);
    ajp_figure_data(view, &data);
    aj_status st = write_file(data_path, &data, err);
    if (st == AJ_OK) st = write_file(script_path, &script, err);
    ajp_text_free(&script);
    ajp_text_free(&data);
    return st;
}

/* Beside the figure, then renamed: a failed gnuplot leaves the old figure. */
static aj_status draw(ajp_arena *arena, const char *path, const char *script_path, aj_error *err)
{
    const char *part = ajp_arena_printf(arena, "%s.%ld.part", path, (long)getpid());
    if (part == NULL) return ajp_no_memory(err, path);
    aj_status st = ajp_gnuplot_run(script_path, part, err);
    if (st == AJ_OK && rename(part, path) != 0)
        st = ajp_fail(err, ajp_status_from_errno(errno), errno, "%s: could not be put in place", path);
    if (st != AJ_OK) unlink(part);
    return st;
}

aj_status ajp_figure_save(const char *path, const ajp_text *script, const ajp_text *data, aj_error *err)
{
    ajp_arena arena;
    ajp_arena_init(&arena, NULL);
    const char *script_path = ajp_arena_printf(&arena, "%s.gp", path);
    const char *data_path = ajp_arena_printf(&arena, "%s.dat", path);
    aj_status st = script_path == NULL || data_path == NULL ? ajp_no_memory(err, path) : AJ_OK;
    if (st == AJ_OK) st = write_file(data_path, data, err);
    if (st == AJ_OK) st = write_file(script_path, script, err);
    if (st == AJ_OK) st = draw(&arena, path, script_path, err);
    ajp_arena_free(&arena);
    return st;
}

static aj_status need_sweep(const ajp_view *view, aj_error *err)
{
    if (view->n_sweeps > 0) return AJ_OK;
    return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                    "figure: no record belongs to a sweep; make some with aj sweep --vary");
}

aj_status aj_report_figure(const char *path, const aj_evaluation *records, size_t n, aj_error *err)
{
    ajp_figure_kind kind = AJP_FIGURE_SVG;
    ajp_view view;
    AJ_TRY(ajp_figure_kind_of(path, &kind, err));
    AJ_TRY(ajp_view_create(&view, records, n, NULL, err));
    const char *script_path = ajp_arena_printf(&view.arena, "%s.gp", path);
    const char *data_path = ajp_arena_printf(&view.arena, "%s.dat", path);
    aj_status st =
        script_path == NULL || data_path == NULL ? ajp_no_memory(err, path) : need_sweep(&view, err);
    if (st == AJ_OK) st = write_sources(&view, kind, script_path, data_path, err);
    if (st == AJ_OK) st = draw(&view.arena, path, script_path, err);
    ajp_view_destroy(&view);
    return st;
}

/* From "<svg" on; gnuplot's own title would show up as a tool tip. */
static void put_svg(const char *svg, size_t size, ajp_text *out)
{
    const char *start = strstr(svg, "<svg");
    if (start == NULL) {
        out->failed = true;
        return;
    }
    const char *title = strstr(start, "<title>"), *end = title != NULL ? strstr(title, "</title>") : NULL;
    if (end == NULL) {
        ajp_text_put_n(out, start, size - (size_t)(start - svg));
        return;
    }
    end += strlen("</title>");
    ajp_text_put_n(out, start, (size_t)(title - start));
    ajp_text_put_n(out, end, size - (size_t)(end - svg));
}

static aj_status draw_inline(const ajp_view *view, ajp_arena *arena, const char *folder, ajp_text *out,
                             aj_error *err)
{
    const char *script = ajp_arena_printf(arena, "%s/f.gp", folder),
               *data = ajp_arena_printf(arena, "%s/f.dat", folder);
    const char *svg = ajp_arena_printf(arena, "%s/f.svg", folder);
    if (script == NULL || data == NULL || svg == NULL) return ajp_no_memory(err, "figure");
    aj_status st = write_sources(view, AJP_FIGURE_SVG, script, data, err);
    if (st == AJ_OK) st = ajp_gnuplot_run(script, svg, err);
    ajp_file_map map = {0};
    if (st == AJ_OK) st = ajp_file_map_open(&map, NULL, svg, err);
    if (st == AJ_OK) {
        char *text = ajp_arena_strndup(arena, (const char *)map.data, map.size);
        if (text != NULL)
            put_svg(text, map.size, out);
        else
            st = ajp_no_memory(err, "figure");
        ajp_file_map_close(&map, NULL);
    }
    unlink(script);
    unlink(data);
    unlink(svg);
    return st;
}

aj_status ajp_figure_inline(const ajp_view *view, ajp_text *out, aj_error *err)
{
    AJ_TRY(need_sweep(view, err));
    const char *root = getenv("TMPDIR");
    ajp_arena arena;
    ajp_arena_init(&arena, NULL);
    char *folder =
        ajp_arena_printf(&arena, "%s/attojoule-XXXXXX", root != NULL && *root == '/' ? root : "/tmp");
    aj_status st;
    if (folder == NULL)
        st = ajp_no_memory(err, "figure");
    else if (mkdtemp(folder) == NULL)
        st = ajp_fail(err, ajp_status_from_errno(errno), errno,
                      "figure: no temporary folder could be made; set TMPDIR");
    else {
        st = draw_inline(view, &arena, folder, out, err);
        rmdir(folder);
    }
    ajp_arena_free(&arena);
    return st;
}
