/* operators_page.c: see operators_page.h. */
#define _XOPEN_SOURCE 700 /* open_memstream */
#include "operators_page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    char name[128], op[96], said[256];
    const char *reason;
} refusal;

enum { MOST = 1100 };
static refusal refusals[MOST];
static size_t n_refusals;

static const struct {
    const char *name;
    int first, last;
} rows[] = {
#define AJP_OP(name, first, last, id) {#name, first, last},
#include "nn/ops.def"
#undef AJP_OP
};

/* Words in a sentence that tell why; what none of them fits keeps its sentence. */
static const struct {
    const char *words, *reason;
} reasons[] = {
    {"preview.training", "the training domain"},
    {"Sequence", "sequences of tensors"},
    {"which is a sequence", "sequences of tensors"},
    {"Optional", "optional values"},
    {"which is optional", "optional values"},
    {"StringNormalizer", "strings"},
    {"strings", "strings"},
    {"to string", "strings"},
    {"(Bernoulli", "a random result"},
    {"(Random", "a random result"},
    {"draws random numbers", "a random result"},
};

void page_note(const char *path, const char *message)
{
    if (n_refusals == MOST) return;
    refusal *r = &refusals[n_refusals++];
    char folder[4096];
    snprintf(folder, sizeof folder, "%s", path);
    char *end = strrchr(folder, '/');
    if (end != NULL) *end = '\0';
    const char *name = strrchr(folder, '/'), *node = strstr(message, ": node \""), *open, *close;
    snprintf(r->name, sizeof r->name, "%.127s", name != NULL ? name + 1 : folder);
    if (node != NULL && (open = strchr(node, '(')) != NULL && (close = strchr(open, ')')) != NULL) {
        snprintf(r->op, sizeof r->op, "%.*s", (int)(close - open - 1), open + 1);
        snprintf(r->said, sizeof r->said, "%.255s", close + 1 + (close[1] == ' '));
    }
    for (size_t k = 0; node != NULL && r->reason == NULL && k < sizeof reasons / sizeof *reasons; k++)
        if (strstr(node, reasons[k].words) != NULL) r->reason = reasons[k].reason;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const refusal *)a)->name, ((const refusal *)b)->name);
}

static void write_operators(FILE *out)
{
    fprintf(out, "| operator | opsets |\n|---|---|\n");
    for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
        fprintf(out, "| %s | %d to %d |\n", rows[k].name, rows[k].first, rows[k].last);
}

static void write_refusals(FILE *out)
{
    qsort(refusals, n_refusals, sizeof *refusals, by_name);
    fprintf(out, "| case | operator | why not |\n|---|---|---|\n");
    for (size_t k = 0; k < n_refusals; k++)
        fprintf(out, "| %s | %s | %s |\n", refusals[k].name, refusals[k].op,
                refusals[k].reason != NULL ? refusals[k].reason : refusals[k].said);
}

char *page_text(int n_models, int n_passed)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) return NULL;
    fprintf(
        out,
        "# Operators\n\n"
        "Made by `tests/conformance/cases_onnx.c`, which fails when this page is out of date:\n"
        "`build/release/tests/conformance/cases_onnx /usr/share/libonnx-testdata/data docs/operators.md "
        "--write`.\n\n"
        "%zu operators of the default domain, in these opsets. Each is a row of `src/nn/ops.def`; "
        "anything else in a\n"
        "model is refused in a sentence that names node, operator and opset. Elements are float32, "
        "float64, float16,\n"
        "bfloat16, integers of 8 to 64 bits and bool where the standard gives them to the operator; float16, "
        "bfloat16 and\n"
        "float64 are computed in float32 or double and rounded once a node. A type that an operator is not "
        "computed in is\n"
        "refused by name as well.\n\n",
        sizeof rows / sizeof *rows);
    write_operators(out);
    fprintf(
        out,
        "\n## The cases of the ONNX project\n\n"
        "%d of the %d cases of Debian's `libonnx-testdata` give the stored results. The others, by name:\n\n",
        n_passed, n_models);
    write_refusals(out);
    fclose(out);
    return text;
}
