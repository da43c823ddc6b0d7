/* report: quantities, terminal width, CSV, Markdown, the HTML page, the figure. */
#include "check.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/utf8.h"
#include "record/builder.h"
#include "report/figure.h"
#include "report/tables.h"

static aj_error err;
static char folder[] = "/tmp/aj_report_XXXXXX";
static const char hostile[] = "<script>alert('1')</script>&\"=cmd|`x`\x1b[31m@A1";

static const char *in_folder(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void add_layers(aj_evaluation *r, double photons, double optical)
{
    static const uint64_t widths[4] = {784, 100, 100, 10};
    aj_layer_record *layers = ajp_record_array(r, 3, sizeof *layers);
    for (int i = 0; i < 3; i++) {
        layers[i] = ajp_layer_record_none();
        layers[i].name = ajp_record_format(r, "fc%d", i + 1);
        layers[i].op_type = ajp_record_string(r, "Gemm");
        layers[i].runs_on = r->hardware_family;
        layers[i].rows = widths[i + 1];
        layers[i].cols = widths[i];
        layers[i].reps = 1;
        layers[i].macs = (double)(widths[i] * widths[i + 1]);
        layers[i].photons_incident = photons * layers[i].macs;
        layers[i].signal_to_noise_ratio = 3.5 * photons * (i + 1);
        layers[i].energy.optical_joules = optical * layers[i].macs / 89400.0;
    }
    r->layers = layers;
    r->n_layers = 3;
}

/* A record of the demo's kind: `error` in percent, 5 trials. */
static void make(aj_evaluation *r, const char *hardware, const char *family, double error, double photons)
{
    CHECK_OK(ajp_record_begin(r, &err), err);
    r->model = ajp_record_string(r, "build/demo/fashion.onnx");
    r->model_sha256 =
        ajp_record_string(r, "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08");
    r->dataset_name = ajp_record_string(r, "fashion-mnist");
    r->dataset_split = ajp_record_string(r, "test");
    r->n_samples = 10000;
    r->hardware_name = ajp_record_string(r, hardware);
    r->hardware_family = ajp_record_string(r, family);
    r->seed = 1;
    r->n_trials = 5;
    r->batch = 1;
    r->mode = ajp_record_string(r, "latency");
    r->clean_accuracy_ratio = 0.8812;
    r->macs_per_inference = 89400;
    r->flops_per_inference = 178800;
    double trials[5], spread[5] = {-0.0012, 0.0004, 0.0009, -0.0006, 0.0005};
    for (int i = 0; i < 5; i++) trials[i] = 1.0 - error / 100.0 + spread[i];
    r->trial_accuracy_ratios = ajp_record_copy(r, trials, 5, sizeof *trials);
    r->accuracy_ratio = aj_summarize(trials, 5);
    double half = 1.96 * sqrt(error / 100.0 * (1.0 - error / 100.0) / 10000.0) + 0.001;
    r->accuracy_ci95_dataset_low = r->accuracy_ratio.mean - half;
    r->accuracy_ci95_dataset_high = r->accuracy_ratio.mean + half;
    r->photons_per_mac = photons;
    r->energy.optical_joules = photons * 89400 * 1.28158e-19;
    if (!isnan(photons)) add_layers(r, photons, r->energy.optical_joules);
}

static void add_word_width(aj_evaluation *r, double bits)
{
    aj_recorded_parameter width = {"weight_bits", "bit", bits, NULL, "assumed"};
    r->parameters = ajp_record_copy(r, &width, 1, sizeof width);
    r->n_parameters = 1;
}

static void add_parameters(aj_evaluation *r, double photons)
{
    aj_recorded_parameter parameters[] = {
        {"photons_per_mac", "", photons, NULL, "set by the sweep"},
        {"wavelength_meters", "m", 1.55e-6, NULL,
         "Hamerly et al. 2019, Phys. Rev. X 9, 021032: telecom C band"},
        {"quantum_efficiency_ratio", "", 1.0, NULL, "the standard quantum limit assumes perfect detectors"},
        {"weight_gain", NULL, NAN, "layer", "Hamerly et al. 2019, Eq. (2): one gain a layer"},
        {"detector_capacitance_farads", "F", NAN, NULL, NULL},
    };
    r->n_parameters = sizeof parameters / sizeof *parameters;
    r->parameters = ajp_record_copy(r, parameters, r->n_parameters, sizeof *parameters);
}

enum { N_POINTS = 13, N_RECORDS = N_POINTS + 3 };
static const double sweep_photons[N_POINTS] = {0.01, 0.0215, 0.0464, 0.1,  0.215, 0.464, 1,
                                               2.15, 4.64,   10,     21.5, 46.4,  100};
static const double sweep_errors[N_POINTS] = {87.9, 85.2, 79.6, 69.3,  52.4,  34.1, 21.9,
                                              15.4, 13.1, 12.3, 12.05, 11.93, 11.89};

static void make_sweep_point(aj_evaluation *r, int i, const char *hardware)
{
    make(r, hardware, "homodyne", sweep_errors[i], sweep_photons[i]);
    r->hardware_evidence = ajp_record_string(r, "limit");
    r->hardware_year = 2019;
    r->hardware_summary =
        ajp_record_string(r, "multiplies by interfering pulses of light on balanced detectors");
    r->hardware_cite = ajp_record_string(r, "Hamerly et al., Phys. Rev. X 9, 021032 (2019)");
    r->law = ajp_record_string(
        r, "one normal with skewness correction, rounded to whole counts; Poisson below 20 photons");
    ajp_record_note(r, "No electronics: light at the detectors only.");
    add_parameters(r, sweep_photons[i]);
    r->varied = r->parameters;
    r->n_varied = 1;
    aj_energy_set(&r->energy, AJ_CAUSE_LASER, NAN);
    aj_energy_set(&r->energy, AJ_CAUSE_ADC, NAN);
}

static void make_parts(aj_evaluation *r)
{
    make(r, "homodyne-parts", "homodyne", 12.4, 10);
    r->hardware_evidence = ajp_record_string(r, "projected");
    r->hardware_node = ajp_record_string(r, "45 nm electronics");
    r->hardware_year = 2019;
    r->hardware_summary =
        ajp_record_string(r, "the same with parts that can be bought or are near, priced one by one");
    r->latency_seconds = 9.84e-7;
    r->latency_of = ajp_record_string(r, "one vector through all layers, one pulse per nanosecond");
    static const double joules[] = {4.6e-12, 89.4e-9 + 1e-9, 0,     0, 0, 6.3e-10, 2.1e-10, 0,
                                    0,       4.2e-11,        9.8e-9};
    static const aj_cause causes[] = {AJ_CAUSE_LASER,    AJ_CAUSE_MODULATOR, 0, 0, 0,
                                      AJ_CAUSE_RECEIVER, AJ_CAUSE_ADC,       0, 0, AJ_CAUSE_DIGITAL,
                                      AJ_CAUSE_SRAM};
    for (int i = 0; i < 11; i++)
        if (joules[i] > 0) aj_energy_set(&r->energy, causes[i], joules[i]);
    aj_energy_set(&r->energy, AJ_CAUSE_DRAM, 1.2e-8);
    add_word_width(r, 8);
}

static void make_digital(aj_evaluation *r, const char *name, double scale)
{
    make(r, name, "digital", 11.88, NAN);
    r->energy.optical_joules = NAN;
    r->hardware_evidence = ajp_record_string(r, scale < 1 ? "limit" : "measured");
    r->hardware_node = ajp_record_string(r, "45 nm, 0.9 V");
    r->hardware_year = 2014;
    r->hardware_summary =
        ajp_record_string(r, "multiplies in digital units, 8 bit words from on-chip memory");
    r->hardware_cite = ajp_record_string(r, "Horowitz, ISSCC 2014, doi:10.1109/ISSCC.2014.6757323");
    aj_energy_set(&r->energy, AJ_CAUSE_ARRAY, 2.1e-8 * scale);
    aj_energy_set(&r->energy, AJ_CAUSE_SRAM, 1.2e-7 * scale);
    aj_energy_set(&r->energy, AJ_CAUSE_DIGITAL, 4e-11 * scale);
    aj_energy_set(&r->energy, AJ_CAUSE_DRAM, 1.2e-8 * scale);
    r->latency_seconds = 8.94e-5;
    add_word_width(r, 32);
}

static void make_demo(aj_evaluation *records)
{
    static const int order[N_POINTS] = {3, 0, 12, 1, 2, 4, 5, 6, 7, 8, 9, 10, 11}; /* reports sort */
    for (int i = 0; i < N_POINTS; i++) make_sweep_point(&records[i], order[i], "homodyne");
    make_parts(&records[N_POINTS]);
    make_digital(&records[N_POINTS + 1], "digital-45nm", 1);
    make_digital(&records[N_POINTS + 2], "landauer", 1e-6);
    for (int i = 0; i < N_RECORDS; i++) CHECK_OK(ajp_record_finish(&records[i], &err), err);
}

static char *report(const char *format, const aj_evaluation *records, size_t n,
                    const aj_report_options *options)
{
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    CHECK_OK(aj_report_write(stream, format, records, n, options, &err), err);
    fclose(stream);
    return text;
}

static void quantities(void)
{
    static const struct {
        double value;
        const char *unit, *text;
    } rows[] = {{1.28158e-19, "J", "128 zJ"},
                {9.996e-19, "J", "1.00 aJ"},
                {2.87098e-21, "J", "2.87 zJ"},
                {1.5e-6, "s", "1.50 µs"},
                {1076634144, "", "1.08 G"},
                {89400, "", "89.4 k"},
                {0, "J", "0 J"},
                {1, "J", "1.00 J"},
                {-2.5e-3, "V", "-2.50 mV"},
                {NAN, "J", "—"},
                {3e-28, "J", "3e-28 J"},
                {999.4, "W", "999 W"},
                {5e-24, "J", "5.00 yJ"},
                {1.2e-14, "J", "12.0 fJ"},
                {8, "bit", "8.00 bit"},
                {2.5e13, "", "2.5e+13"}};
    char text[32];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        aj_format_quantity(rows[i].value, rows[i].unit, text, sizeof text);
        CHECK_STRING(text, rows[i].text);
    }
    memset(text, 'x', sizeof text);
    aj_format_quantity(1.5e-6, "s", text, 7); /* "1.50 " and half of the µ would fit */
    CHECK_STRING(text, "1.50 ");
    aj_format_quantity(1.5e-6, "s", text, 1);
    CHECK_STRING(text, "");
    ajp_number exact = ajp_exact_quantity(1.5525e-6, "m");
    CHECK_STRING(exact.text, "1.5525 µm");
    exact = ajp_exact_quantity(1e-15, "F");
    CHECK_STRING(exact.text, "1 fF");
    exact = ajp_exact_quantity(0.025, "");
    CHECK_STRING(exact.text, "0.025");
}

static size_t widest_line(const char *text)
{
    size_t widest = 0, width = 0;
    while (*text != '\0') {
        width = *text == '\n' ? 0 : width + 1;
        if (width > widest) widest = width;
        ajp_utf8_next(&text);
    }
    return widest;
}

static void terminal(const aj_evaluation *demo)
{
    aj_report_options options = AJ_REPORT_OPTIONS_INIT;
    options.per_layer = options.explain = true;
    options.command = "aj report build/demo/sweep.jsonl --format table with a rather long command line that "
                      "has to be wrapped";
    char *text = report("table", demo, N_RECORDS, &options);
    CHECK(widest_line(text) <= 100);
    CHECK(widest_line(text) > 60);
    CHECK_CONTAINS(text, "digital-45nm");
    CHECK_CONTAINS(text, "limit");
    CHECK_CONTAINS(text, "11.88");                         /* the clean error */
    CHECK(strstr(text, "0.01 ") < strstr(text, "0.0215")); /* sorted */
    CHECK_CONTAINS(text, "—");
    CHECK(strstr(text, " \n") == NULL); /* no blanks at line ends */
    free(text);
    text = report("table", &demo[N_POINTS], 1, &options);
    CHECK(widest_line(text) <= 100);
    CHECK_CONTAINS(text, "784-100-100-10");
    CHECK_CONTAINS(text, "modulator");
    CHECK_CONTAINS(text, "8 bit");
    free(text);
    aj_evaluation record;
    make_sweep_point(&record, 6, hostile);
    char name[400];
    memset(name, 'w', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    record.model = name;
    record.hardware_node = name;
    record.dataset_name = "Übergrößen-äöü-µµµ";
    record.n_varied = 0;
    text = report("table", &record, 1, &options);
    CHECK(widest_line(text) <= 100);
    CHECK(strchr(text, '\x1b') == NULL); /* nothing that moves a terminal's cursor */
    free(text);
    aj_evaluation two[2] = {record, demo[N_POINTS]};
    text = report("table", two, 2, &options);
    CHECK(widest_line(text) <= 100);
    free(text);
    aj_evaluation_destroy(&record);
}

static void csv(const aj_evaluation *demo)
{
    aj_evaluation record;
    make_sweep_point(&record, 6, "=2+3");
    record.model = "a,\"b\"\nc";
    record.dataset_name = "@sum";
    aj_evaluation both[2] = {record, demo[N_POINTS]};
    char *text = report("csv", both, 2, NULL);
    CHECK_CONTAINS(text, "\"a,\"\"b\"\"\nc\",");
    CHECK_CONTAINS(text, ",\"'=2+3\",");
    CHECK_CONTAINS(text, ",\"'@sum\",");
    CHECK_CONTAINS(text, ",varied.photons_per_mac,");
    CHECK_CONTAINS(text, "0.8812");
    /* The same number of fields on every line (the quoted newline is inside a field). */
    size_t fields = 0, wanted = 0;
    bool quoted = false;
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '"') quoted = !quoted;
        if (quoted) continue;
        if (*at == ',') fields++;
        if (*at != '\n') continue;
        if (wanted == 0) wanted = fields;
        CHECK_INT(fields, wanted);
        fields = 0;
    }
    free(text);
    aj_report_options options = AJ_REPORT_OPTIONS_INIT;
    options.per_layer = true;
    text = report("csv", both, 2, &options);
    size_t commas = 0, lines = 0;
    for (const char *at = strstr(text, "\nbuild"); at != NULL && *at != '\0'; at++) {
        commas += *at == ',';
        lines += *at == '\n';
    }
    CHECK_INT(lines, 5); /* of the second record: itself and three layers, and the end of the line before */
    size_t header = 0;
    for (const char *at = text; *at != '\n'; at++) header += *at == ',';
    CHECK_INT(commas, 4 * header);
    free(text);
    aj_evaluation_destroy(&record);
}

static void json_and_markdown(const aj_evaluation *demo)
{
    char *text = report("json", demo, N_RECORDS, NULL);
    size_t lines = 0;
    for (const char *at = text; *at != '\0'; at++) lines += *at == '\n';
    CHECK_INT(lines, N_RECORDS);
    free(text);
    aj_evaluation record;
    make_digital(&record, "a|b<i>", 1);
    text = report("markdown", &record, 1, NULL);
    CHECK_CONTAINS(text, "a\\|b\\<i\\>");
    free(text);
    aj_evaluation_destroy(&record);
    FILE *sink = fopen("/dev/full", "w");
    CHECK_INT(aj_report_write(sink, "json", demo, 1, NULL, &err), AJ_IO);
    fclose(sink);
    CHECK_INT(aj_report_write(stdout, "word", demo, 1, NULL, &err), AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "markdown");
    CHECK_INT(aj_report_write(stdout, "table", demo, 0, NULL, &err), AJ_BAD_ARGUMENT);
    CHECK_INT(aj_report_save(in_folder("none/x.csv"), "csv", demo, 1, NULL, &err), AJ_NOT_FOUND);
    size_t n = 0;
    for (const char *summary; aj_report_format(n, &summary) != NULL; n++) CHECK(strlen(summary) > 5);
    CHECK_INT(n, 6);
}

static bool has_gnuplot(void)
{
    return system("gnuplot --version >/dev/null 2>&1") == 0;
}

static void page(const aj_evaluation *demo)
{
    aj_report_options options = AJ_REPORT_OPTIONS_INIT;
    options.command =
        "aj report build/demo/sweep.jsonl build/demo/parts.json --format html --out build/demo/report.html";
    char *text = report("html", demo, N_RECORDS, &options);
    CHECK_CONTAINS(text, "784-100-100-10");
    CHECK_CONTAINS(text, "Fashion-MNIST");
    CHECK_CONTAINS(
        text,
        "<b>10</b><b> photons per multiplication</b>"); /* 12.3 is within a point of 11.88, 13.1 is not */
    CHECK_CONTAINS(text, "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08");
    CHECK_CONTAINS(text, "Hamerly et al. 2019, Phys. Rev. X 9, 021032: telecom C band");
    CHECK_CONTAINS(text, "1.55 µm");
    CHECK_CONTAINS(text, "takes <b>113 nJ</b> per inference at 12.4 % error");
    CHECK_CONTAINS(text, "weights of 8 bits and the other of 32");
    CHECK_CONTAINS(text, has_gnuplot() ? "Landauer limit" : "The figure is missing");
    CHECK(strstr(text, "http://") == NULL || strstr(text, "http://www.w3.org/") == strstr(text, "http://"));
    CHECK(strstr(text, "src=") == NULL && strstr(text, "@import") == NULL && strstr(text, "<script") == NULL);
    const char *build = getenv("AJ_BUILD_DIR"); /* kept to be looked at */
    if (build != NULL) {
        char path[4096];
        snprintf(path, sizeof path, "%s/report-example.html", build);
        CHECK_OK(aj_report_save(path, "html", demo, N_RECORDS, &options, &err), err);
    }
    free(text);
    aj_evaluation records[3];
    for (int i = 0; i < 2; i++) {
        make_sweep_point(&records[i], i + 5, hostile);
        records[i].model = hostile;
        records[i].dataset_name = hostile;
        records[i].law = hostile;
        ajp_record_note(&records[i], hostile);
    }
    make_parts(&records[2]);
    records[2].hardware_name = hostile;
    options.title = hostile;
    text = report("html", records, 3, &options);
    CHECK(strstr(text, "<script") == NULL);
    CHECK(strstr(text, "alert('1')") == NULL);
    CHECK(strchr(text, '\x1b') == NULL);
    CHECK_CONTAINS(text, "&lt;script&gt;");
    free(text);
    for (int i = 0; i < 3; i++) aj_evaluation_destroy(&records[i]);
}

static char *slurp(const char *path)
{
    FILE *stream = fopen(path, "rb");
    CHECK(stream != NULL);
    char *text = calloc(1, 1 << 20);
    if (stream != NULL) {
        CHECK(fread(text, 1, (1 << 20) - 1, stream) > 0);
        fclose(stream);
    }
    return text;
}

static void figure(const aj_evaluation *demo)
{
    static const char *const magic[][2] = {{"it's.svg", "<svg"}, {"fig.pdf", "%PDF"}, {"fig.png", "PNG"}};
    for (int i = 0; i < 3; i++) {
        const char *path = in_folder(magic[i][0]);
        char other[300];
        aj_status st = aj_report_figure(path, demo, N_RECORDS, &err);
        CHECK_INT(st, has_gnuplot() ? AJ_OK : AJ_UNSUPPORTED);
        if (st == AJ_OK) {
            char *text = slurp(path);
            CHECK(i == 0 ? strstr(text, magic[i][1]) != NULL
                         : memcmp(text + i - 1, magic[i][1], strlen(magic[i][1])) == 0);
            free(text);
            unlink(path);
        } else {
            fprintf(stderr, "%s\n", err.message);
        }
        snprintf(other, sizeof other, "%s.gp", path);
        char *script = slurp(other);
        CHECK_CONTAINS(script, "Landauer limit");
        CHECK_CONTAINS(script, "clean = 11.88");
        CHECK_CONTAINS(script, "0.0224019"); /* k T ln 2 at 300 K in photons of 1550 nm */
        free(script);
        unlink(other);
        snprintf(other, sizeof other, "%s.dat", path);
        char *data = slurp(other);
        double x, y, low, high;
        CHECK_INT(sscanf(strchr(data, '\n') + 1, "%lf %lf %lf %lf", &x, &y, &low, &high), 4);
        CHECK_CLOSE(x, 0.01, 1e-12);
        CHECK_CLOSE(y, 87.9, 1e-9);
        CHECK_CLOSE((high - low) / 2, 100 * 2.7764451051977987 * demo[1].accuracy_ratio.stddev / sqrt(5),
                    1e-6);
        free(data);
        unlink(other);
    }
    CHECK_INT(aj_report_figure(in_folder("fig.gif"), demo, N_RECORDS, &err), AJ_BAD_ARGUMENT);
    CHECK_INT(aj_report_figure(in_folder("fig\n.svg"), demo, N_RECORDS, &err), AJ_BAD_ARGUMENT);
    CHECK_INT(aj_report_figure(in_folder("fig.svg"), &demo[N_POINTS], 1, &err), AJ_BAD_ARGUMENT);
    CHECK_CONTAINS(err.message, "sweep");
    /* Names cannot get out of their quotes. */
    aj_evaluation two[2];
    for (int i = 0; i < 2; i++) make_sweep_point(&two[i], i, "a' ; system \"touch x\" `touch y` @m\n!id");
    ajp_view view;
    CHECK_OK(ajp_view_create(&view, two, 2, NULL, &err), err);
    ajp_text script = {0};
    ajp_figure_script(&view, AJP_FIGURE_SVG, "x.dat", &script);
    CHECK(strchr(script.bytes, '`') == NULL && strchr(script.bytes, '"') == NULL &&
          strchr(script.bytes, '@') == NULL);
    CHECK(strstr(script.bytes, "\n!") == NULL);
    CHECK_CONTAINS(script.bytes, "'a  ; system  touch x   touch y   m  id: mean of");
    ajp_text_free(&script);
    ajp_view_destroy(&view);
    for (int i = 0; i < 2; i++) aj_evaluation_destroy(&two[i]);
    /* Without gnuplot the page says so and keeps its tables. */
    char *old = strdup(getenv("PATH"));
    setenv("PATH", folder, 1);
    char *text = report("html", demo, N_RECORDS, NULL);
    CHECK_CONTAINS(text, "The figure is missing: gnuplot");
    CHECK_CONTAINS(text, "85.20");
    free(text);
    CHECK_INT(aj_report_figure(in_folder("fig.svg"), demo, N_RECORDS, &err), AJ_UNSUPPORTED);
    setenv("PATH", old, 1);
    free(old);
    CHECK(access(in_folder("fig.svg.gp"), R_OK) == 0);
    CHECK(access(in_folder("fig.svg"), F_OK) != 0);
    unlink(in_folder("fig.svg.gp"));
    unlink(in_folder("fig.svg.dat"));
}

/* Sweeps are told apart, points are sorted, the dimmest sufficient point is chosen. */
static void groups(const aj_evaluation *demo)
{
    ajp_view view;
    CHECK_OK(ajp_view_create(&view, demo, N_RECORDS, NULL, &err), err);
    CHECK_INT(view.n_sweeps, 1);
    CHECK_INT(view.sweeps[0].n, N_POINTS);
    CHECK_INT(view.n_singles, 3);
    CHECK_INT(view.n_entries, 4);
    for (size_t i = 1; i < view.sweeps[0].n; i++)
        CHECK(ajp_sweep_x(&view.sweeps[0], i) > ajp_sweep_x(&view.sweeps[0], i - 1));
    CHECK(view.sweeps[0].met);
    CHECK_CLOSE(ajp_sweep_x(&view.sweeps[0], view.sweeps[0].chosen), 10, 1e-12);
    CHECK_STRING(ajp_network_shape(&demo[0], &view.arena), "784-100-100-10");
    CHECK_STRING(view.entries[0].record->hardware_evidence, "limit");
    CHECK_STRING(view.entries[3].record->hardware_evidence, "measured");
    ajp_view_destroy(&view);
    aj_evaluation four[4];
    for (int i = 0; i < 4; i++) {
        make_sweep_point(&four[i], i / 2 + 5, "homodyne");
        aj_recorded_parameter *parameters =
            ajp_record_copy(&four[i], four[i].parameters, four[i].n_parameters, sizeof *parameters);
        if (i % 2 == 1) parameters[4].value = 1e-15;
        four[i].parameters = parameters;
    }
    CHECK_OK(ajp_view_create(&view, four, 4, NULL, &err), err);
    CHECK_INT(view.n_sweeps, 2);
    CHECK_STRING(view.sweeps[0].label, "homodyne without detector capacitance");
    CHECK_STRING(view.sweeps[1].label, "homodyne, detector capacitance 1 fF");
    CHECK(!view.sweeps[0].met);
    ajp_view_destroy(&view);
    for (int i = 0; i < 4; i++) aj_evaluation_destroy(&four[i]);
}

int main(void)
{
    static aj_evaluation demo[N_RECORDS];
    CHECK(mkdtemp(folder) != NULL);
    quantities();
    make_demo(demo);
    groups(demo);
    terminal(demo);
    csv(demo);
    json_and_markdown(demo);
    page(demo);
    figure(demo);
    for (int i = 0; i < N_RECORDS; i++) aj_evaluation_destroy(&demo[i]);
    CHECK(rmdir(folder) == 0); /* nothing was left behind */
    return check_report();
}
