/* record, report: every allocation gets its turn to fail: NO_MEMORY and nothing half-made, or the whole
 * result. */
#include "check.h"

#include <unistd.h>

#include "attojoule/report.h"
#include "record/builder.h"

/* Stands in for the C library's: allocation number `countdown` and all later ones fail. */
static long countdown = -1;
void *aligned_alloc(size_t alignment, size_t size);
void *aligned_alloc(size_t alignment, size_t size)
{
    void *pointer = NULL;
    if (countdown == 0) return NULL;
    if (countdown > 0) countdown--;
    return posix_memalign(&pointer, alignment, size) == 0 ? pointer : NULL;
}

static aj_error err;

static aj_status make(aj_evaluation *r, double photons)
{
    AJ_TRY(ajp_record_begin(r, &err));
    r->model = ajp_record_string(r, "net.onnx");
    r->dataset_name = ajp_record_string(r, "mnist");
    r->hardware_name = ajp_record_string(r, "homodyne");
    r->mode = ajp_record_string(r, "latency");
    r->n_trials = 2;
    r->clean_accuracy_ratio = 0.98;
    r->accuracy_ratio.mean = 0.97;
    r->macs_per_inference = 1000;
    r->photons_per_mac = photons;
    aj_recorded_parameter *parameters = ajp_record_array(r, 100, sizeof *parameters);
    for (int i = 0; parameters != NULL && i < 100; i++) {
        parameters[i].key = i == 0 ? "photons_per_mac" : ajp_record_format(r, "key_%d", i);
        parameters[i].value = photons;
        parameters[i].source = ajp_record_string(r, "somewhere");
    }
    r->parameters = parameters;
    r->n_parameters = parameters != NULL ? 100 : 0;
    r->varied = parameters;
    r->n_varied = parameters != NULL ? 1 : 0;
    for (int i = 0; i < 300; i++) ajp_record_note(r, "a note");
    aj_energy_set(&r->energy, AJ_CAUSE_ADC, 1e-12);
    return ajp_record_finish(r, &err);
}

static void building(void)
{
    long n = 0;
    for (aj_status st = AJ_NO_MEMORY; st != AJ_OK; n++) {
        aj_evaluation record;
        countdown = n;
        st = make(&record, 1);
        countdown = -1;
        CHECK(st == AJ_OK || (st == AJ_NO_MEMORY && record.memory == NULL && record.n_parameters == 0));
        aj_evaluation_destroy(&record);
    }
    CHECK(n > 3);
}

static void json(const aj_evaluation *record)
{
    char *text, *whole = NULL;
    long n = 0;
    CHECK_OK(aj_evaluation_to_json(record, 0, &whole, &err), err);
    for (aj_status st = AJ_NO_MEMORY; st != AJ_OK; n++) {
        countdown = n;
        st = aj_evaluation_to_json(record, 0, &text, &err);
        countdown = -1;
        CHECK(st == AJ_OK || st == AJ_NO_MEMORY);
    }
    CHECK(n > 3);
    CHECK_STRING(text, whole);
    aj_text_free(text);
    for (aj_status st = AJ_NO_MEMORY, first = AJ_OK; st != AJ_OK; n++) {
        aj_evaluation again = {0};
        countdown = first == AJ_OK ? (n = 0) : n;
        first = AJ_NO_MEMORY;
        st = aj_evaluation_from_json(&again, whole, strlen(whole), "x", &err);
        countdown = -1;
        CHECK(st == AJ_OK ? again.n_notes == 300 : st == AJ_NO_MEMORY && again.memory == NULL);
        aj_evaluation_destroy(&again);
    }
    CHECK(n > 3);
    aj_text_free(whole);
}

static aj_status report(const aj_evaluation *records, const char *format, char **text)
{
    size_t size = 0;
    aj_report_options options = AJ_REPORT_OPTIONS_INIT;
    options.explain = options.per_layer = true;
    FILE *stream = open_memstream(text, &size);
    aj_status st = aj_report_write(stream, format, records, 3, &options, &err);
    fclose(stream);
    return st;
}

static void reports(const aj_evaluation *records)
{
    const char *format;
    for (size_t i = 0; (format = aj_report_format(i, NULL)) != NULL; i++) {
        char *text, *whole;
        long n = 0;
        CHECK_OK(report(records, format, &whole), err);
        for (aj_status st = AJ_NO_MEMORY; st != AJ_OK; n++) {
            countdown = n;
            st = report(records, format, &text);
            countdown = -1;
            CHECK(st == AJ_OK || st == AJ_NO_MEMORY);
            CHECK_STRING(text, st == AJ_OK ? whole : "");
            free(text);
        }
        printf("%s: %ld allocations\n", format, n - 1);
        CHECK(n > 3);
        free(whole);
    }
}

int main(void)
{
    setenv("PATH", "/nonexistent",
           1); /* the page without its figure: gnuplot needs no turn of its own here */
    building();
    aj_evaluation records[3];
    for (int i = 0; i < 3; i++) CHECK_OK(make(&records[i], i + 1), err);
    records[2].n_varied = 0;
    json(&records[0]);
    reports(records);
    for (int i = 0; i < 3; i++) aj_evaluation_destroy(&records[i]);
    return check_report();
}
