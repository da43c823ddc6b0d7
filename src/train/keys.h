/* keys.h: every option of training once: its key in a spec, its field, what it may be. */
#ifndef AJP_TRAIN_KEYS_H
#define AJP_TRAIN_KEYS_H

#include "attojoule/train.h"

typedef enum {
    AJP_KEY_NUMBER,
    AJP_KEY_COUNT,
    AJP_KEY_SEED,
    AJP_KEY_FLAG,
    AJP_KEY_TEXT,
    AJP_KEY_WORD
} ajp_key_kind;

typedef struct {
    const char *section; /* "" = top level */
    const char *key;
    ajp_key_kind kind;
    size_t offset;            /* in aj_train_options */
    double low, high;         /* of numbers and counts */
    bool above, below;        /* low or high itself is impossible */
    const char *const *words; /* of a word: NULL-terminated, in the order of its enum */
} ajp_train_key;

extern const ajp_train_key ajp_train_keys[];
extern const size_t ajp_n_train_keys;
enum { AJP_TRAIN_MAX_WIDTH = 1048576 }; /* a wider layer is a mistake; keeps every size far from overflow */

/* The field's value against its row. `where` ("" or "file:line: ") starts the message. */
aj_status ajp_train_key_check(const ajp_train_key *key, const aj_train_options *options, const char *where,
                              aj_error *err);

#endif
