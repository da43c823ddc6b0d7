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

static aj_status check_cards(const aj_card *cards, size_t n, aj_error *err)
{
    if (n == 0) return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "a card needs at least one run");
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < cards[i].n_rows; k++)
            if ((unsigned)cards[i].rows[k].section >= AJ_N_CARD_SECTIONS || cards[i].rows[k].key == NULL ||
                cards[i].rows[k].origin > (int)AJ_ASSUMED)
                return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                                "card %zu: row %zu needs a key, a known section and a known origin", i, k);
    return AJ_OK;
}

aj_status aj_card_write(FILE *stream, const char *format, const aj_card *cards, size_t n,
                        const aj_card_options *options, aj_error *err)
{
    static const aj_card_options none = AJ_CARD_OPTIONS_INIT;
    const ajp_format_ops *ops = NULL;
    if (options == NULL) options = &none;
    if (options->struct_size != sizeof *options)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0, "card: struct_size %zu; begin with AJ_CARD_OPTIONS_INIT",
                        options->struct_size);
    AJ_TRY(find_format(format, &ops, err));
    AJ_TRY(check_cards(cards, n, err));
    if (options->account != NULL) AJ_TRY(check_cards(options->account, 1, err));
    ajp_text text = {0};
    ajp_cards view = {.cards = cards, .n = n, .options = options};
    ajp_arena_init(&view.arena, NULL);
    aj_status st = ops->write_cards(&view, &text, err);
    if (st == AJ_OK && (text.failed || view.arena.failed)) st = ajp_no_memory(err, "card");
    if (st == AJ_OK) st = ajp_text_write(&text, stream, err);
    ajp_arena_free(&view.arena);
    ajp_text_free(&text);
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
