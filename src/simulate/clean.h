/* clean.h: a pass that watches the inputs of every product: the exact one, and those of a calibration. */
#ifndef AJP_CLEAN_H
#define AJP_CLEAN_H

#include "study.h"

/* Per product and sample, so that sums are taken in the order of samples whatever the chunks were. */
typedef struct {                       /* of one sample's right operands of a product of two activations */
    double sum_squares, crests, n_lit; /* matrices that are not zero, and the sum of their crests */
    double row_crests, n_lit_rows;
} ajp_operand_sums;

typedef struct ajp_clean_pass ajp_clean_pass;
typedef struct {
    ajp_clean_pass *pass;
    size_t first;                  /* sample of the chunk in work */
    const ajp_product_hook *inner; /* what runs the products; NULL = exact */
    ajp_reader *reader;            /* of a calibration */
    ajp_histogram *inputs;         /* of a calibration: of the product in work */
    ajp_product_hook hook;
} ajp_clean_thread;
struct ajp_clean_pass {
    ajp_study *study;
    size_t n_samples;
    const ajp_trial *trial;        /* of a calibration: what reads the products before the one in work */
    size_t watched;                /* of a calibration: the product in work */
    double *sum_squares, *max_abs; /* [n_products][n_samples] */
    ajp_operand_sums *operands;    /* likewise; NULL when nobody asks or no product has two activations */
    ajp_score score;
    float **scratch; /* one a thread */
    float *outputs;  /* or NULL */
    ajp_clean_thread *threads;
};

/* Memory for n samples; with labels also for scores, with operands for those of two activations. */
aj_status ajp_clean_prepare(ajp_clean_pass *pass, ajp_study *study, size_t n, bool labels, bool operands,
                            ajp_arena *arena, aj_error *err);
/* `begin` of an ajp_pass whose user is the clean pass. */
const ajp_product_hook *ajp_clean_begin(void *user, unsigned thread, size_t first, size_t n);

#endif
