/* op_boxes.c: NonMaxSuppression: the best boxes of each class that do not overlap too much. */
#include <math.h>
#include <string.h>

#include "op.h"
#include "op_sort.h"

typedef struct {
    bool centered; /* [x centre][y centre][width][height], else two corners */
} params;
static const char *const attributes[] = {"center_point_box", NULL};

static aj_status parse(const ajp_op_parse *p, void *out)
{
    int64_t centered;
    AJ_TRY(ajp_op_int(p, "center_point_box", 0, &centered));
    ((params *)out)->centered = centered != 0;
    return AJ_OK;
}

typedef struct {
    const params *q;
    size_t n_batches, n_boxes, n_classes, most;
    const float *boxes, *scores;
    float overlap, least;
    bool has_least;
} problem;

typedef struct {
    float low[2], high[2];
} box;

static box corners(const problem *p, size_t batch, size_t at)
{
    const float *b = p->boxes + (batch * p->n_boxes + at) * 4;
    if (p->q->centered) return (box){{b[0] - b[2] / 2, b[1] - b[3] / 2}, {b[0] + b[2] / 2, b[1] + b[3] / 2}};
    return (box){{fminf(b[0], b[2]), fminf(b[1], b[3])}, {fmaxf(b[0], b[2]), fmaxf(b[1], b[3])}};
}

static float area(const box *b)
{
    return (b->high[0] - b->low[0]) * (b->high[1] - b->low[1]);
}

/* Is the intersection over the union larger than allowed? */
static bool too_close(const problem *p, const box *a, const box *b)
{
    float side[2];
    for (int k = 0; k < 2; k++) side[k] = fminf(a->high[k], b->high[k]) - fmaxf(a->low[k], b->low[k]);
    float common = fmaxf(side[0], 0) * fmaxf(side[1], 0), all = area(a) + area(b) - common;
    return common > 0 && area(a) > 0 && area(b) > 0 && all > 0 && common / all > p->overlap;
}

static bool higher(const void *context, size_t b, size_t a)
{
    const float *scores = context;
    return scores[b] > scores[a];
}

/* Writes up to n triples [batch][class][box] and returns how many there are. order, work and chosen: n_boxes
 * each. */
static size_t select_boxes(const problem *p, size_t *room, int64_t *out, size_t n)
{
    size_t *order = room, *work = room + p->n_boxes, *chosen = work + p->n_boxes, total = 0;
    for (size_t at = 0; at < p->n_batches * p->n_classes; at++) {
        const float *scores = p->scores + at * p->n_boxes;
        size_t batch = at / p->n_classes, n_chosen = 0;
        for (size_t k = 0; k < p->n_boxes; k++) order[k] = k;
        ajp_sort(order, work, p->n_boxes, higher, scores);
        for (size_t k = 0; k < p->n_boxes && n_chosen < p->most; k++) {
            box candidate = corners(p, batch, order[k]);
            bool kept = !p->has_least || scores[order[k]] > p->least;
            for (size_t c = 0; kept && c < n_chosen; c++) {
                box other = corners(p, batch, chosen[c]);
                kept = !too_close(p, &candidate, &other);
            }
            if (!kept) continue;
            chosen[n_chosen++] = order[k];
            if (total < n) {
                out[3 * total] = (int64_t)batch;
                out[3 * total + 1] = (int64_t)(at % p->n_classes);
                out[3 * total + 2] = (int64_t)order[k];
            }
            total++;
        }
    }
    return total;
}

static problem make_problem(const params *q, const ajp_tensor *boxes, const ajp_tensor *scores,
                            const void *most, const void *overlap, const void *least)
{
    problem p = {q,
                 boxes->type.dims[0],
                 boxes->type.dims[1],
                 scores->type.dims[1],
                 0,
                 boxes->data,
                 scores->data,
                 overlap != NULL ? *(const float *)overlap : 0,
                 least != NULL ? *(const float *)least : 0,
                 least != NULL};
    if (most != NULL && *(const int64_t *)most > 0) p.most = (size_t) * (const int64_t *)most;
    return p;
}

static aj_status infer(const ajp_op_infer *i)
{
    static const char *const names[] = {"boxes", "scores", "max_output_boxes_per_class", "iou_threshold",
                                        "score_threshold"};
    const ajp_tensor *known[5];
    for (size_t k = 0; k < 5; k++) {
        AJ_TRY(ajp_op_known(i, k, names[k], &known[k]));
        if (known[k] == NULL) continue;
        AJ_TRY(ajp_op_want(i, k, k == 2 ? AJP_INT64 : AJP_FLOAT32));
        if (k >= 2 && known[k]->n != 1) return ajp_op_corrupt(i, "has a %s that is not one number", names[k]);
    }
    const ajp_type *boxes = i->in[0], *scores = i->in[1];
    if (boxes->rank != 3 || boxes->dims[2] != 4 || scores->rank != 3 || scores->dims[0] != boxes->dims[0] ||
        scores->dims[2] != boxes->dims[1])
        return ajp_op_corrupt(i, "wants boxes [n][boxes][4] and scores [n][classes][boxes]");
    problem p =
        make_problem(i->node->params, known[0], known[1], known[2] != NULL ? known[2]->data : NULL,
                     known[3] != NULL ? known[3]->data : NULL, known[4] != NULL ? known[4]->data : NULL);
    size_t *room = ajp_arena_array(i->arena, 3 * p.n_boxes + 1, sizeof *room);
    if (room == NULL) return ajp_no_memory(i->err, i->path);
    i->out[0] = (ajp_type){AJP_INT64, -1, 2, {select_boxes(&p, room, NULL, 0), 3}};
    return AJ_OK;
}

static size_t scratch(const ajp_node *node, const ajp_tensor *in, const ajp_tensor *out)
{
    (void)node, (void)out;
    return 3 * in[0].type.dims[1] * sizeof(size_t);
}

static aj_status run(const ajp_op_run *r)
{
    problem p = make_problem(r->node->params, &r->in[0], &r->in[1], ajp_op_data(r, 2), ajp_op_data(r, 3),
                             ajp_op_data(r, 4));
    (void)select_boxes(&p, r->scratch, r->out[0].data, r->out[0].type.dims[0]);
    return AJ_OK;
}

extern const ajp_op ajp_op_non_max_suppression;
const ajp_op ajp_op_non_max_suppression = {.min_in = 2,
                                           .max_in = 5,
                                           .max_out = 1,
                                           .params_size = sizeof(params),
                                           .attributes = attributes,
                                           .parse = parse,
                                           .infer = infer,
                                           .scratch = scratch,
                                           .run = run};
