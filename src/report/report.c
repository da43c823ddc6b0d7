/* report.c: from a format's name to the text of a report. */
#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "format_ops.h"

static const ajp_format_ops *const formats[] = {
#define FORMAT(id) &ajp_format_##id,
#include "formats.def"
#undef FORMAT
};
enum { N_FORMATS = sizeof formats / sizeof *formats };

const char *aj_report_format(size_t i, const char **summary)
{
    if (i >= N_FORMATS) return NULL;
    if (summary != NULL) *summary = formats[i]->summary;
    return formats[i]->name;
}

static aj_status find_format(const char *name, const ajp_format_ops **out, aj_error *err)
{
    char known[128] = "";
    for (size_t i = 0; i < N_FORMATS; i++) {
        if (strcmp(formats[i]->name, name) == 0) {
            *out = formats[i];
            return AJ_OK;
        }
        size_t used = strlen(known);
        snprintf(known + used, sizeof known - used, "%s%s", i > 0 ? ", " : "", formats[i]->name);
    }
    return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "report format %s is not known; use one of %s", name, known);
}

/* The whole text is made before any of it is written. */
static aj_status make_text(ajp_text *out, const char *format, const aj_evaluation *records, size_t n,
                           const aj_report_options *options, aj_error *err)
{
    const ajp_format_ops *ops = NULL;
    AJ_TRY(find_format(format, &ops, err));
    ajp_view view;
    AJ_TRY(ajp_view_create(&view, records, n, options, err));
    aj_status st = ops->write(&view, out, err);
    bool gaps = out->failed || view.arena.failed;
    ajp_view_destroy(&view);
    if (st == AJ_OK && gaps) st = ajp_no_memory(err, "report");
    return st;
}

aj_status aj_report_write(FILE *stream, const char *format, const aj_evaluation *records, size_t n,
                          const aj_report_options *options, aj_error *err)
{
    ajp_text text = {0};
    aj_status st = make_text(&text, format, records, n, options, err);
    if (st == AJ_OK) st = ajp_text_write(&text, stream, err);
    ajp_text_free(&text);
    return st;
}

aj_status aj_report_save(const char *path, const char *format, const aj_evaluation *records, size_t n,
                         const aj_report_options *options, aj_error *err)
{
    ajp_text text = {0};
    ajp_file_writer writer = {0};
    aj_status st = make_text(&text, format, records, n, options, err);
    if (st == AJ_OK) st = ajp_file_writer_open(&writer, NULL, path, err);
    if (st == AJ_OK) {
        if (text.size > 0 && fwrite(text.bytes, 1, text.size, writer.stream) != text.size)
            st = ajp_fail(err, AJ_IO, errno, "%s: could not be written completely; check the free space",
                          path);
        if (st == AJ_OK)
            st = ajp_file_writer_commit(&writer, err);
        else
            ajp_file_writer_abort(&writer);
    }
    ajp_text_free(&text);
    return st;
}
