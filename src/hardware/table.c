/* table.c: the lists of families and presets, and the search for a near name. */
#include <string.h>

#include "object.h"
#include "presets.h"

static const ajp_hardware_ops *const families[] = {
#define HARDWARE(id) &ajp_hardware_##id,
#include "hardware.def"
#undef HARDWARE
};

const ajp_hardware_ops *ajp_hardware_family(size_t i)
{
    return i < sizeof families / sizeof families[0] ? families[i] : NULL;
}

const char *aj_hardware_family_name(size_t i)
{
    const ajp_hardware_ops *family = ajp_hardware_family(i);
    return family != NULL ? family->name : NULL;
}

const char *aj_hardware_preset_name(size_t i)
{
    for (size_t at = 0; at < i; at++)
        if (ajp_presets[at].name == NULL) return NULL;
    return ajp_presets[i].name;
}

const char *aj_evidence_name(aj_evidence evidence)
{
    static const char *const names[] = {
#define ROW(name, text) text,
        AJ_EVIDENCE_LIST(ROW)
#undef ROW
    };
    return (unsigned)evidence < AJ_N_EVIDENCES ? names[evidence] : "unknown";
}

enum { WORD = 48 }; /* longer words are compared by their start */

/* Levenshtein distance. */
static size_t distance(const char *a, const char *b)
{
    size_t row[WORD + 1], n_a = strnlen(a, WORD), n_b = strnlen(b, WORD);
    for (size_t j = 0; j <= n_b; j++) row[j] = j;
    for (size_t i = 1; i <= n_a; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n_b; j++) {
            size_t change = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            size_t add = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            row[j] = change < add ? change : add;
        }
    }
    return row[n_b];
}

const char *ajp_nearest(const char *word, const char *(*at)(const void *list, size_t i), const void *list)
{
    const char *best = NULL;
    size_t length = strnlen(word, WORD), least = length / 2 + 1; /* more than half wrong is no near name */
    for (size_t i = 0; at(list, i) != NULL; i++) {
        const char *name = at(list, i);
        size_t d = distance(word, name);
        if (length >= 4 && strncmp(name, word, length) == 0)
            d = d < 2 ? d : 2; /* the start of a name is near */
        if (d >= least) continue;
        least = d;
        best = name;
    }
    return best;
}
