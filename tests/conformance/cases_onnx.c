/* The ONNX project's own cases: those whose operators we have must give the stored results; all others must
 * fail with a sentence that names node, operator and opset.  Nothing is skipped by name. */
#define _XOPEN_SOURCE 700 /* nftw */
#include "check.h"

#include <dirent.h>
#include <ftw.h>

#include "case_data.h"
#include "operators_page.h"

#include "nn/op.h"
#include "attojoule/nn.h"

/* This many of the 1,072 pass; the number may only rise. */
enum { MIN_PASSED = 1003 };

static aj_context *context;
static int n_models, n_passed, n_refused, n_sessions, n_tensors, n_mismatched;

/* Cases whose stored results are not closer than the ONNX backend tests ask: windows were made with 3.1415 in
 * place of pi, the others were written with four digits. */
static bool is_coarse(const char *path)
{
    static const char *const names[] = {"window", "test_roialign_", "test_gridsample_bicubic"};
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        if (strstr(path, names[k]) != NULL) return true;
    return false;
}

/* The ONNX backend tests use a relative 1e-3 and an absolute 1e-7; ours are closer where the results are. */
static bool close_to(const char *path, double got, double want)
{
    if (isnan(want)) return isnan(got);
    if (isinf(want)) return got == want;
    if (is_coarse(path)) return fabs(got - want) <= 1e-3 * fabs(want) + 1e-7;
    return fabs(got - want) <= 1e-5 * fabs(want) + 1e-6;
}

/* The generator of the cases writes bfloat16 as the uint16 of its bits. */
static void fix_bfloat16(ajp_tensor *stored, ajp_dtype declared)
{
    if (declared == AJP_BFLOAT16 && stored->type.dtype == AJP_UINT16) stored->type.dtype = AJP_BFLOAT16;
}

static void compare(const char *path, const ajp_tensor *got, const ajp_tensor *want)
{
    char a[128], b[128];
    bool same =
        got != NULL && got->type.dtype == want->type.dtype && ajp_type_same_shape(&got->type, &want->type);
    check_count++;
    if (!same) {
        check_failures++;
        fprintf(stderr, "%s: shape %s, want %s\n", path,
                got != NULL ? ajp_type_text(&got->type, a, sizeof a) : "none",
                ajp_type_text(&want->type, b, sizeof b));
        return;
    }
    double *x = calloc(got->n + 1, sizeof *x), *y = calloc(got->n + 1, sizeof *y);
    ajp_convert(AJP_FLOAT64, x, got->type.dtype, got->data, got->n);
    ajp_convert(AJP_FLOAT64, y, want->type.dtype, want->data, want->n);
    for (size_t i = 0; i < got->n; i++)
        if (!close_to(path, x[i], y[i])) {
            check_failures++;
            fprintf(stderr, "%s: element %zu is %.9g, want %.9g\n", path, i, x[i], y[i]);
            break;
        }
    free(x), free(y);
}

/* The same case through the public interface: rows of floats, where it is a network from one float tensor to
 * one whose shapes are known before any data. */
static void run_rows(const char *path, const aj_model *model, aj_session *session, const data_set *set)
{
    aj_error err;
    if (set->n_in != 1 || set->in[0].type.dtype != AJP_FLOAT32 || set->out[0].type.dtype != AJP_FLOAT32 ||
        aj_model_ready(model, &err) != AJ_OK)
        return;
    aj_model_info info = aj_model_describe(model);
    size_t n = set->in[0].n / info.n_input_features;
    CHECK_INT(n * info.n_input_features, set->in[0].n);
    CHECK_INT(n * info.n_output_features, set->out[0].n);
    float *y = calloc(set->out[0].n + 1, sizeof *y);
    CHECK_OK(aj_session_run(session, set->in[0].data, n, y, &err), err);
    ajp_tensor got = set->out[0];
    got.data = y;
    compare(path, &got, &set->out[0]);
    n_sessions++;
    free(y);
}

/* And every case on its tensors.  An input that no node reads may be stored in another shape than declared.
 */
static void run_tensors(const char *path, const aj_model *model, aj_session *session, const data_set *set)
{
    aj_error err = {0};
    aj_tensor in[MAX_PORTS], out[MAX_PORTS];
    for (size_t k = 0; k < set->n_in; k++) {
        const ajp_tensor *t = &set->in[k];
        in[k] = (aj_tensor){(aj_type)t->type.dtype, t->type.rank, {0}, t->data};
        memcpy(in[k].dims, t->type.dims, t->type.rank * sizeof *in[k].dims);
    }
    if (set->n_in != aj_model_n_inputs(model)) return;
    aj_status st = aj_session_run_tensors(session, in, set->n_in, out, set->n_out, &err);
    if (st == AJ_MISMATCH) {
        n_mismatched++;
        return;
    }
    CHECK_OK(st, err);
    for (size_t k = 0; k < set->n_out && st == AJ_OK; k++) {
        ajp_tensor got = {{(ajp_dtype)out[k].type, -1, out[k].rank, {0}}, 0, out[k].data};
        memcpy(got.type.dims, out[k].dims, out[k].rank * sizeof *out[k].dims);
        CHECK(ajp_type_elements(&got.type, &got.n));
        compare(path, &got, &set->out[k]);
    }
    n_tensors++;
}

static void run_session(const char *path, const data_set *set)
{
    aj_error err;
    aj_model *model = NULL;
    aj_session *session = NULL;
    CHECK_OK(aj_model_load(&model, context, path, &err), err);
    if (model != NULL) CHECK_OK(aj_session_create(&session, context, model, 2, &err), err);
    if (session != NULL) {
        run_rows(path, model, session, set);
        run_tensors(path, model, session, set);
    }
    aj_session_destroy(session);
    aj_model_destroy(model);
}

/* Two cases store an input of another shape than they declare; no node reads it. */
static bool is_read(const ajp_graph *graph, size_t value)
{
    for (size_t i = 0; i < graph->n_nodes; i++)
        for (size_t k = 0; k < graph->nodes[i].n_in; k++)
            if (graph->nodes[i].in[k] == value) return true;
    return false;
}

/* Of the second input of CastLike only the type counts; two cases store it in another shape than they
 * declare. */
static bool only_its_type(const ajp_graph *graph, size_t value)
{
    for (size_t i = 0; i < graph->n_nodes; i++)
        for (size_t k = 0; k < graph->nodes[i].n_in; k++)
            if (graph->nodes[i].in[k] == value &&
                (k != 1 || strcmp(graph->nodes[i].op_type, "CastLike") != 0))
                return false;
    return true;
}

/* Computes all outputs from bound inputs. */
static aj_status evaluate(ajp_graph *graph, const char *folder, data_set *set, aj_error *err)
{
    set->n_in = data_set_read(set, folder, "input", set->in, graph->n_inputs);
    for (size_t i = 0; i < set->n_in; i++)
        fix_bfloat16(&set->in[i], graph->values[graph->inputs[i]].type.dtype);
    for (size_t i = 0; i < set->n_in; i++) {
        const ajp_value *value = &graph->values[graph->inputs[i]];
        if (value->why_untyped == NULL && only_its_type(graph, graph->inputs[i]))
            CHECK(ajp_tensor_make(&set->in[i], &set->arena, &value->type));
    }
    for (size_t i = 0; i < set->n_in; i++)
        if (is_read(graph, graph->inputs[i]))
            AJ_TRY(ajp_graph_bind(graph, graph->values[graph->inputs[i]].name, &set->in[i], err));
    AJ_TRY(ajp_graph_infer(graph, true, err));
    set->n_out = data_set_read(set, folder, "output", set->out, graph->n_outputs);
    for (size_t i = 0; i < set->n_out; i++)
        fix_bfloat16(&set->out[i], graph->values[graph->outputs[i]].type.dtype);
    return AJ_OK;
}

static void refused(const char *path, aj_status st, const aj_error *err)
{
    n_refused++;
    check_count++;
    page_note(path, err->message);
    if (st == AJ_UNSUPPORTED && strstr(err->message, ": node \"") != NULL &&
        strstr(err->message, ", opset ") != NULL)
        return;
    check_failures++;
    fprintf(stderr, "%s: refused without naming node, operator and opset: %s\n", path, err->message);
}

static int visit(const char *path, const struct stat *info, int type, struct FTW *place)
{
    (void)info;
    (void)place;
    size_t length = strlen(path);
    if (type != FTW_F || length < 11 || strcmp(path + length - 11, "/model.onnx") != 0) return 0;
    char folder[4096];
    aj_error err = {0};
    ajp_file_map map;
    ajp_graph graph;
    data_set set;
    n_models++;
    data_set_open(&set, context);
    snprintf(folder, sizeof folder, "%.*s/test_data_set_0", (int)(length - 11), path);
    CHECK_OK(ajp_file_map_open(&map, context, path, &err), err);
    aj_status st = ajp_graph_build(&graph, context, &set.arena, map.data, map.size, path, NULL, &err);
    if (st == AJ_OK) st = evaluate(&graph, folder, &set, &err);
    if (st != AJ_OK) {
        refused(path, st, &err);
    } else {
        CHECK(set.n_out > 0);
        int before = check_failures;
        for (size_t i = 0; i < set.n_out; i++)
            compare(path, graph.values[graph.outputs[i]].constant, &set.out[i]);
        run_session(path, &set);
        n_passed += check_failures == before;
    }
    ajp_graph_close(&graph);
    ajp_file_map_close(&map, context);
    data_set_close(&set);
    return 0;
}

/* The page of operators is what the cases say today, or becomes it. */
static void check_page(const char *path, bool write)
{
    static char there[1 << 18];
    char *text = page_text(n_models, n_passed);
    FILE *file = fopen(path, write ? "w" : "r");
    CHECK(text != NULL && file != NULL);
    if (text != NULL && file != NULL && write) {
        CHECK(fputs(text, file) >= 0);
    } else if (text != NULL && file != NULL) {
        size_t n = fread(there, 1, sizeof there - 1, file);
        there[n] = '\0';
        check_count++;
        if (strcmp(there, text) != 0) {
            check_failures++;
            fprintf(stderr, "%s is out of date: run this program with the same arguments and --write\n",
                    path);
        }
    }
    if (file != NULL) fclose(file);
    free(text);
}

/* cases_onnx CASES PAGE [--write] */
int main(int argc, char **argv)
{
    aj_error err;
    if (argc < 3) return 2;
    DIR *probe = opendir(argv[1]);
    if (probe == NULL) CHECK_SKIP("the ONNX test cases are not installed (libonnx-testdata)");
    closedir(probe);
    aj_context_options options = AJ_CONTEXT_OPTIONS_INIT;
    options.n_threads = 1;
    CHECK_OK(aj_context_create(&context, &options, &err), err);
    nftw(argv[1], visit, 16, FTW_PHYS);
    printf("%d models: %d give the stored results (%d also as rows, %d as tensors), %d are refused by name\n",
           n_models, n_passed, n_sessions, n_tensors, n_refused);
    CHECK(n_models >= 1072);
    CHECK(n_passed >= MIN_PASSED);
    CHECK_INT(n_passed + n_refused, n_models);
    CHECK(n_mismatched <= 4);
    check_page(argv[2], argc > 3 && strcmp(argv[3], "--write") == 0);
    aj_context_destroy(context);
    return check_report();
}
