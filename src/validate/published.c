/* published.c: the network of Wang et al. 2022 and MNIST, opened once, and looked for where people put them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "claim.h"

static const char network_file[] = "wang2022-mnist-784-100-100-10.onnx";

static bool find_network(const ajp_claim *claim, char *path, size_t size)
{
    const char *roots[] = {claim->context->data_root, getenv("AJ_DATA")};
    if (claim->options->network != NULL) {
        snprintf(path, size, "%s", claim->options->network);
        return true; /* a name that was given and is wrong is an error, not a skip */
    }
    for (size_t i = 0; i < sizeof roots / sizeof *roots; i++) {
        if (roots[i] == NULL) continue;
        snprintf(path, size, "%s/models/%s", roots[i], network_file);
        if (access(path, R_OK) == 0) return true;
    }
    return false;
}

static aj_status open_split(ajp_claim *claim, aj_split split, aj_dataset **out, aj_error *err)
{
    aj_dataset_options options = AJ_DATASET_OPTIONS_INIT;
    options.split = split;
    return aj_dataset_open(out, claim->context, "mnist", &options, err);
}

static aj_status open_all(ajp_claim *claim, aj_error *err)
{
    ajp_published *p = claim->published;
    char path[4300];
    aj_error why = {AJ_OK, 0, ""};
    if (!find_network(claim, path, sizeof path)) {
        p->missing = ajp_claim_words(claim,
                                     "the network (%s, weights of the authors' repository) is not in the "
                                     "folder models of --data-root or $AJ_DATA",
                                     network_file);
        return AJ_OK;
    }
    AJ_TRY(aj_model_load(&p->network, claim->context, path, err));
    aj_status st = open_split(claim, AJ_SPLIT_TEST, &p->mnist, &why);
    if (st == AJ_OK) st = open_split(claim, AJ_SPLIT_TRAIN, &p->mnist_train, &why);
    if (st == AJ_NOT_FOUND) {
        p->missing = ajp_claim_words(claim, "MNIST is not here: %s", why.message);
        return AJ_OK;
    }
    return st == AJ_OK ? AJ_OK : ajp_fail(err, st, why.system_errno, "%s", why.message);
}

bool ajp_claim_needs_published(ajp_claim *claim, aj_status *st, aj_error *err)
{
    ajp_published *p = claim->published;
    *st = AJ_OK;
    if (!p->tried) {
        *st = open_all(claim, err);
        if (*st != AJ_OK) return false;
        p->tried = true;
    }
    if (p->missing == NULL) return true;
    ajp_claim_skip(claim, "%s", p->missing);
    return false;
}

void ajp_published_close(ajp_published *published)
{
    aj_comparison_destroy(&published->comparison);
    aj_model_destroy(published->network);
    aj_dataset_close(published->mnist);
    aj_dataset_close(published->mnist_train);
    *published = (ajp_published){.network = NULL};
}
