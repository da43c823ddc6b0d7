/* labels.c: class numbers from whatever a file holds them as. */
#include "array.h"

#include <math.h>

/* A label beyond this is a mistake (an identifier, a time), and would ask for as many counters. */
#define MAX_CLASSES 16777216

static aj_status class_number(const ajp_array *array, size_t sample, int32_t *out, size_t n_classes_known,
                              const char *name, aj_error *err)
{
    double value = ajp_array_value(array, sample);
    double limit = n_classes_known > 0 ? (double)n_classes_known : (double)MAX_CLASSES;
    if (!(value >= 0.0 && value < limit) || value != floor(value))
        return ajp_fail(err, AJ_CORRUPT, 0,
                        "%s: label %.9g of sample %zu; class numbers are whole and run from 0 to %.0f", name,
                        value, sample, limit - 1.0);
    *out = (int32_t)value;
    return AJ_OK;
}

static aj_status one_hot(const ajp_array *array, size_t sample, int32_t *out, const char *name, aj_error *err)
{
    size_t n_classes = array->shape[1], n_ones = 0;
    for (size_t c = 0; c < n_classes; c++) {
        double value = ajp_array_value(array, sample * n_classes + c);
        if (value == 1.0) {
            *out = (int32_t)c;
            n_ones++;
        } else if (value != 0.0) {
            n_ones = 2;
            break;
        }
    }
    if (n_ones == 1) return AJ_OK;
    return ajp_fail(err, AJ_CORRUPT, 0,
                    "%s: row %zu is not one-hot (a single 1, the rest 0); give class numbers or one-hot rows",
                    name, sample);
}

aj_status ajp_labels_from_array(int32_t **out, size_t *n_classes, const ajp_array *array,
                                size_t n_classes_known, const aj_context *context, const char *name,
                                aj_error *err)
{
    bool rows = array->rank == 2 && array->shape[1] > 1;
    bool numbers = array->rank == 1 || (array->rank == 2 && array->shape[1] == 1);
    if (!rows && !numbers)
        return ajp_fail(err, AJ_MISMATCH, 0,
                        "%s: labels with %zu dimensions; give class numbers [samples] or one-hot rows "
                        "[samples][classes]",
                        name, array->rank);
    if (rows && array->shape[1] > MAX_CLASSES)
        return ajp_fail(err, AJ_CORRUPT, 0, "%s: %zu classes; at most %d are possible", name, array->shape[1],
                        MAX_CLASSES);
    size_t n = array->shape[0];
    int32_t *labels = ajp_calloc(context, n, sizeof *labels);
    if (labels == NULL) return ajp_no_memory(err, name);
    int32_t largest = 0;
    for (size_t i = 0; i < n; i++) {
        aj_status st = rows ? one_hot(array, i, &labels[i], name, err)
                            : class_number(array, i, &labels[i], n_classes_known, name, err);
        if (st != AJ_OK) {
            ajp_free(context, labels);
            return st;
        }
        if (labels[i] > largest) largest = labels[i];
    }
    *out = labels;
    *n_classes = rows ? array->shape[1] : (size_t)largest + 1;
    return AJ_OK;
}

static bool is_float(const ajp_array *array)
{
    return array->element == AJP_ELEMENT_F4 || array->element == AJP_ELEMENT_F8;
}

static bool is_one_hot(const ajp_array *array)
{
    int32_t label;
    for (size_t i = 0; i < array->shape[0]; i++)
        if (one_hot(array, i, &label, "", NULL) != AJ_OK) return false;
    return true;
}

/* Rows of whole 0s and 1s are meant to be one-hot: where they are not, that is said. */
static bool beyond_0_and_1(const ajp_array *array)
{
    for (size_t i = 0; i < array->n_elements; i++) {
        double value = ajp_array_value(array, i);
        if (value != 0.0 && value != 1.0) return true;
    }
    return false;
}

bool ajp_labels_are_arrays(const ajp_array *array)
{
    if (array->rank > 2) return true;
    bool rows = array->rank == 2 && array->shape[1] > 1;
    if (rows) return is_float(array) ? !is_one_hot(array) : beyond_0_and_1(array);
    return is_float(array) && ajp_labels_n_classes(array) == 0;
}

size_t ajp_labels_n_classes(const ajp_array *array)
{
    double largest = 0.0;
    for (size_t i = 0; i < array->n_elements; i++) {
        double value = ajp_array_value(array, i);
        if (!(value >= 0.0 && value < (double)MAX_CLASSES) || value != floor(value)) return 0;
        if (value > largest) largest = value;
    }
    return (size_t)largest + 1;
}
