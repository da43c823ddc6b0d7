/* model_host.c: processor, share of its host and memory.
 *
 * Names are cut in clouds ("AMD EPYC", "Intel(R) Xeon(R) CPU @ 2.20GHz"), so the numbers of cpuid find the
 * family and the name only the part within it.  In a virtual machine a thread has its share of the host's
 * package: TDP over hardware threads; where the part is not named, of the leanest and of the richest part of
 * the family. */
#include "model_host.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "model_tables.h"

enum { CPUINFO_SIZE = 8192, STAT_SIZE = 1 << 17, MEMINFO_SIZE = 512, NAME_SIZE = 96 };

/* ---- /proc ---------------------------------------------------------------------------------------- */

/* "key<blanks>: value" at the start of a line of the first block; false when it is not there. */
static bool field(const char *text, const char *key, char *value, size_t size)
{
    size_t length = strlen(key);
    for (const char *line = text; *line != '\0' && *line != '\n';) {
        const char *end = line + strcspn(line, "\n"), *at = line + length;
        if (strncmp(line, key, length) == 0) {
            at += strspn(at, " \t");
            if (*at == ':') {
                at += 1 + strspn(at + 1, " \t");
                snprintf(value, size, "%.*s", (int)(end > at ? end - at : 0), at);
                return true;
            }
        }
        line = *end == '\n' ? end + 1 : end;
    }
    return false;
}

static long number_field(const char *text, const char *key)
{
    char value[32], *end = value;
    if (!field(text, key, value, sizeof value)) return -1;
    long number = strtol(value, &end, 0); /* ARM's part is hexadecimal */
    return end != value && number >= 0 ? number : -1;
}

static bool has_word(const char *text, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = strstr(text, word); at != NULL; at = strstr(at + 1, word))
        if ((at == text || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0')) return true;
    return false;
}

void ajp_cpu_id_parse(ajp_cpu_id *out, const char *cpuinfo)
{
    char flags[CPUINFO_SIZE] = "";
    ajp_cpu_id id = {.stepping = number_field(cpuinfo, "stepping")};
    field(cpuinfo, "flags", flags, sizeof flags);
    id.hypervisor = has_word(flags, "hypervisor");
    long siblings = number_field(cpuinfo, "siblings");
    id.n_siblings = siblings > 0 ? (size_t)siblings : 0;
    if (field(cpuinfo, "vendor_id", id.vendor, sizeof id.vendor)) {
        id.family = number_field(cpuinfo, "cpu family");
        id.model = number_field(cpuinfo, "model");
        field(cpuinfo, "model name", id.name, sizeof id.name);
    } else if (field(cpuinfo, "CPU implementer", id.vendor, sizeof id.vendor)) {
        id.family = number_field(cpuinfo, "CPU architecture");
        id.model = number_field(cpuinfo, "CPU part");
        snprintf(id.name, sizeof id.name, "ARM implementer %s part 0x%lx", id.vendor,
                 id.model >= 0 ? (unsigned long)id.model : 0);
    } else {
        id.family = id.model = -1;
        field(cpuinfo, "model name", id.name, sizeof id.name);
    }
    *out = id;
}

static size_t count_threads(const char *stat)
{
    size_t n = 0;
    for (const char *line = stat; line != NULL; line = strchr(line, '\n')) {
        if (*line == '\n') line++;
        n += strncmp(line, "cpu", 3) == 0 && isdigit((unsigned char)line[3]);
    }
    return n;
}

static aj_status read_threads(const aj_context *context, const ajp_tree *proc, size_t *n, aj_error *err)
{
    char *text = ajp_alloc(context, STAT_SIZE);
    if (text == NULL) return ajp_no_memory(err, "the list of processors");
    int error = proc->read(proc->user, proc->root, "stat", NULL, text, STAT_SIZE);
    if (error == 0) *n = count_threads(text);
    ajp_free(context, text);
    if (error == 0) return AJ_OK;
    return ajp_fail(err, ajp_status_from_errno(error), error, "%s/stat: cannot be read", proc->root);
}

static double read_memory_bytes(const ajp_tree *proc)
{
    char text[MEMINFO_SIZE];
    unsigned long long kilobytes;
    if (proc->read(proc->user, proc->root, "meminfo", NULL, text, sizeof text) != 0) return NAN;
    const char *line = strstr(text, "MemTotal:");
    return line != NULL && sscanf(line, "MemTotal: %llu kB", &kilobytes) == 1 ? 1024.0 * (double)kilobytes
                                                                              : NAN;
}

/* ---- tables --------------------------------------------------------------------------------------- */

/* Lower case, without (R), (TM) and the word CPU, one blank between words. */
static void tidy(const char *name, char *out, size_t size)
{
    static const char *const noise[] = {"(r)", "(tm)", "cpu"};
    char lower[NAME_SIZE];
    size_t n = 0, length = strlen(name) < sizeof lower - 1 ? strlen(name) : sizeof lower - 1;
    for (size_t i = 0; i < length; i++) lower[i] = (char)tolower((unsigned char)name[i]);
    lower[length] = '\0';
    for (const char *at = lower; *at != '\0' && n + 1 < size;) {
        size_t skip = 0;
        for (size_t k = 0; k < sizeof noise / sizeof noise[0]; k++)
            if (strncmp(at, noise[k], strlen(noise[k])) == 0) skip = strlen(noise[k]);
        bool blank = skip > 0 || *at == ' ' || *at == '\t';
        if (!blank)
            out[n++] = *at;
        else if (n > 0 && out[n - 1] != ' ')
            out[n++] = ' ';
        at += skip > 0 ? skip : 1;
    }
    out[n] = '\0';
}

/* "106;108" or "16-31;97"; an empty list holds everything. */
static bool in_list(const char *list, long value)
{
    if (*list == '\0') return true;
    for (const char *at = list; *at != '\0';) {
        char *end;
        long low = strtol(at, &end, 10), high = low;
        if (*end == '-') high = strtol(end + 1, &end, 10);
        if (value >= low && value <= high) return true;
        at = *end == ';' ? end + 1 : end;
        if (*end != ';' && *end != '\0') return false;
    }
    return false;
}

typedef struct {
    ajp_arena arena;
    ajp_csv families, parts, vcpus;
} tables;

static aj_status open_table(tables *t, const char *name, ajp_csv *out, aj_error *err)
{
    char file[64];
    for (const ajp_cpu_table *table = ajp_cpu_tables; table->name != NULL; table++) {
        if (strcmp(table->name, name) != 0) continue;
        snprintf(file, sizeof file, "tables/%s.csv", name);
        return ajp_csv_parse(out, &t->arena, table->text, table->size, file, err);
    }
    return ajp_fail(err, AJ_NOT_FOUND, 0, "tables/%s.csv is not in this build", name);
}

/* A cell by name of column; NaN when it is empty. */
static aj_status number(const ajp_csv *csv, size_t row, const char *column, double *out, aj_error *err)
{
    size_t k = 0;
    AJ_TRY(ajp_csv_column(csv, column, &k, err));
    return ajp_csv_number(csv, row, k, 0, 1e5, false, out, err);
}

static const char *text_of(const ajp_csv *csv, size_t row, const char *column)
{
    size_t k = ajp_csv_find(csv, column);
    return k != SIZE_MAX ? ajp_csv_text(csv, row, k) : "";
}

typedef struct {
    double tdp_low, tdp_high, peak_ratio, lean_watts, rich_watts; /* the last two of one hardware thread */
} family_row;

static aj_status read_family(const ajp_csv *csv, size_t row, family_row *out, aj_error *err)
{
    double lean, lean_threads, rich, rich_threads;
    AJ_TRY(number(csv, row, "tdp_low", &out->tdp_low, err));
    AJ_TRY(number(csv, row, "tdp_high", &out->tdp_high, err));
    AJ_TRY(number(csv, row, "peak_ratio", &out->peak_ratio, err));
    AJ_TRY(number(csv, row, "lean_tdp", &lean, err));
    AJ_TRY(number(csv, row, "lean_threads", &lean_threads, err));
    AJ_TRY(number(csv, row, "rich_tdp", &rich, err));
    AJ_TRY(number(csv, row, "rich_threads", &rich_threads, err));
    out->lean_watts = lean / lean_threads;
    out->rich_watts = rich / rich_threads;
    return AJ_OK;
}

/* The first row that fits; n_rows when none does. */
static size_t find_family(const ajp_csv *csv, const ajp_cpu_id *id, const char *tidy_name)
{
    size_t row = 0;
    for (; row < csv->n_rows; row++) {
        const char *name = text_of(csv, row, "name");
        if (strcmp(text_of(csv, row, "vendor"), id->vendor) == 0 && id->family >= 0 && id->model >= 0 &&
            in_list(text_of(csv, row, "cpu_family"), id->family) &&
            in_list(text_of(csv, row, "models"), id->model) &&
            in_list(text_of(csv, row, "steppings"), id->stepping) && strstr(tidy_name, name) != NULL)
            break;
    }
    return row;
}

/* What all rows together leave open.  Behind a virtual machine stands a server: a part that never holds more
 * than its TDP. */
static aj_status read_any(const ajp_csv *csv, bool virtual_machine, family_row *out, aj_error *err)
{
    family_row all = {INFINITY, 0, 1, INFINITY, 0}, row;
    for (size_t i = 0; i < csv->n_rows; i++) {
        AJ_TRY(read_family(csv, i, &row, err));
        if (virtual_machine && row.peak_ratio > 1) continue;
        all.tdp_low = fmin(all.tdp_low, row.tdp_low);
        all.tdp_high = fmax(all.tdp_high, row.tdp_high);
        all.lean_watts = fmin(all.lean_watts, row.lean_watts);
        all.rich_watts = fmax(all.rich_watts, row.rich_watts);
    }
    *out = all;
    return AJ_OK;
}

/* The longest part whose name stands in the model name as whole words; n_rows when none does. */
static size_t find_part(const ajp_csv *csv, const char *tidy_name)
{
    size_t best = csv->n_rows, best_length = 0;
    char part[NAME_SIZE];
    for (size_t row = 0; row < csv->n_rows; row++) {
        tidy(text_of(csv, row, "part"), part, sizeof part);
        if (strlen(part) <= best_length || !has_word(tidy_name, part)) continue;
        best = row;
        best_length = strlen(part);
    }
    return best;
}

/* "AMD EPYC 7763 64-Core Processor": AMD writes the cores into the name; two threads each. */
static double threads_in_name(const char *tidy_name)
{
    const char *at = strstr(tidy_name, "-core"), *digits = at;
    while (digits != NULL && digits > tidy_name && isdigit((unsigned char)digits[-1])) digits--;
    return at != NULL && digits < at ? 2 * strtod(digits, NULL) : NAN;
}

static aj_status find_vcpu(const tables *t, const char *name, ajp_model_host *host, aj_error *err)
{
    host->vcpu_idle_watts = host->vcpu_full_watts = NAN;
    for (size_t row = 0; name[0] != '\0' && row < t->vcpus.n_rows; row++) {
        if (strcmp(text_of(&t->vcpus, row, "architecture"), name) != 0) continue;
        AJ_TRY(number(&t->vcpus, row, "idle", &host->vcpu_idle_watts, err));
        return number(&t->vcpus, row, "full", &host->vcpu_full_watts, err);
    }
    return AJ_OK;
}

/* ---- what these threads may draw at most ------------------------------------------------------------ */

static void take_part(ajp_model_host *host, const char *part, double tdp_watts, double peak_ratio)
{
    double watts = tdp_watts * host->n_packages;
    host->tdp_watts = (ajp_band){watts, watts, watts * peak_ratio};
    host->origin = AJ_MODELLED;
    if (host->id.hypervisor)
        snprintf(host->about, sizeof host->about,
                 "%s: %zu of %.0f hardware threads of a package of TDP %.4g W", part, host->n_threads,
                 host->host_threads, tdp_watts);
    else
        snprintf(host->about, sizeof host->about, "%s: %.3g packages of TDP %.4g W", part, host->n_packages,
                 tdp_watts);
}

/* Threads x TDP per thread of the leanest and the richest part, on a machine of its own within the TDPs that
 * are sold. */
static void take_family(ajp_model_host *host, const family_row *row)
{
    double n = (double)host->n_threads, low = n * row->lean_watts, high = n * row->rich_watts;
    bool whole = !host->id.hypervisor && !isnan(host->n_packages);
    if (whole && low <= host->n_packages * row->tdp_high && high >= host->n_packages * row->tdp_low) {
        low = fmax(low, host->n_packages * row->tdp_low);
        high = fmin(high, host->n_packages * row->tdp_high);
    }
    host->tdp_watts = (ajp_band){low, sqrt(low * high), high * row->peak_ratio};
    host->origin = AJ_ASSUMED;
    const char *name = host->id.name[0] != '\0' ? host->id.name : "a processor without a name";
    snprintf(
        host->about, sizeof host->about,
        "%s %s%s: %zu threads, TDP not known, between those of the leanest and richest part: %.3g to %.3g W, "
        "%.3g W taken",
        name, host->family[0] != '\0' ? "of the family " : "is in no table, so of any family", host->family,
        host->n_threads, low, high, host->tdp_watts.middle);
}

static aj_status find_in(ajp_model_host *host, const tables *t, aj_error *err)
{
    char name[NAME_SIZE];
    family_row row = {NAN, NAN, 1, NAN, NAN};
    tidy(host->id.name, name, sizeof name);
    size_t family = find_family(&t->families, &host->id, name), part = find_part(&t->parts, name);
    bool known = family < t->families.n_rows;
    snprintf(host->family, sizeof host->family, "%s", known ? text_of(&t->families, family, "family") : "");
    AJ_TRY(find_vcpu(t, known ? text_of(&t->families, family, "vcpu_row") : "", host, err));
    if (known)
        AJ_TRY(read_family(&t->families, family, &row, err));
    else
        AJ_TRY(read_any(&t->families, host->id.hypervisor, &row, err));
    double tdp_watts = NAN, threads = NAN, peak_ratio = NAN;
    if (part < t->parts.n_rows) {
        AJ_TRY(number(&t->parts, part, "tdp", &tdp_watts, err));
        AJ_TRY(number(&t->parts, part, "threads", &threads, err));
        AJ_TRY(number(&t->parts, part, "peak_ratio", &peak_ratio, err));
    }
    if (isnan(threads)) threads = threads_in_name(name);
    double n_siblings = (double)host->id.n_siblings;
    host->host_threads = host->id.hypervisor ? threads : n_siblings > 0 ? n_siblings : threads;
    host->n_packages = (double)host->n_threads / host->host_threads;
    if (!isnan(tdp_watts) && !isnan(host->n_packages))
        take_part(host, text_of(&t->parts, part, "part"), tdp_watts, isnan(peak_ratio) ? 1 : peak_ratio);
    else
        take_family(host, &row);
    return AJ_OK;
}

aj_status ajp_model_host_find(ajp_model_host *out, const aj_context *context, const ajp_cpu_id *id,
                              size_t n_threads, aj_error *err)
{
    tables t;
    ajp_model_host host = {.id = *id, .memory_bytes = NAN};
    host.n_threads = n_threads > 0 ? n_threads : id->n_siblings > 0 ? id->n_siblings : 1;
    ajp_arena_init(&t.arena, context);
    aj_status st = open_table(&t, "cpu-families", &t.families, err);
    if (st == AJ_OK) st = open_table(&t, "cpu-parts", &t.parts, err);
    if (st == AJ_OK) st = open_table(&t, "cpu-vcpu-power", &t.vcpus, err);
    if (st == AJ_OK) st = find_in(&host, &t, err);
    ajp_arena_free(&t.arena);
    if (st == AJ_OK) *out = host;
    return st;
}

aj_status ajp_model_host_read(ajp_model_host *out, const aj_context *context, const ajp_tree *proc,
                              aj_error *err)
{
    char text[CPUINFO_SIZE];
    ajp_cpu_id id;
    size_t n_threads = 0;
    int error = proc->read(proc->user, proc->root, "cpuinfo", NULL, text, sizeof text);
    if (error != 0)
        return ajp_fail(err, ajp_status_from_errno(error), error,
                        "model: %s/cpuinfo cannot be read, and without it nothing is known to model",
                        proc->root);
    AJ_TRY(read_threads(context, proc, &n_threads, err));
    ajp_cpu_id_parse(&id, text);
    AJ_TRY(ajp_model_host_find(out, context, &id, n_threads, err));
    out->memory_bytes = read_memory_bytes(proc);
    return AJ_OK;
}
