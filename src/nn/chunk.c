/* chunk.c: how many samples to run through a network at a time.
 *
 * More samples read weights less often; fewer keep what is between the layers in the cache.  Both are bytes a
 * sample.  Results do not depend on the choice. */
#include "program.h"

/* Half of a second-level cache of 1 MiB; the other half is weights and what is in work.  Waiting for weights
 * is half hidden behind the products that use them; every step of a chunk costs about as much as loading a
 * kibibyte; and one thread's values stay below 32 MiB where they can. */
#define CACHE_BYTES ((double)(1 << 19))
#define MOST_BYTES  ((double)(1 << 25))
static const double weight_share = 0.5, step_bytes = 1024.0;

typedef struct {
    double weights, values, alive; /* bytes: of products; written a sample; at the same time a sample */
} traffic;

static traffic traffic_of(const ajp_program *p)
{
    traffic t = {0, 0, 0};
    for (size_t i = 0; i < p->n_steps; i++) {
        const ajp_step *step = &p->steps[i];
        double alive = 0;
        for (size_t k = 0; k < ajp_step_n_products(step); k++) {
            const ajp_product_step *product = step->is_product ? &step->product : &step->op_products[k];
            t.weights +=
                (double)product->groups * (double)product->rows * (double)product->cols * sizeof(float);
        }
        for (size_t s = 0; s < p->n_slots; s++)
            if (p->slots[s].first <= i && p->slots[s].last >= i)
                alive += (double)p->slots[s].n * (double)p->slots[s].element_size;
        if (alive > t.alive) t.alive = alive;
    }
    for (size_t s = 0; s < p->n_slots; s++)
        t.values += (double)p->slots[s].n * (double)p->slots[s].element_size;
    return t;
}

size_t ajp_model_chunk(const aj_model *model, size_t most)
{
    return ajp_program_chunk(&model->program, most);
}

size_t ajp_program_chunk(const ajp_program *p, size_t most)
{
    traffic t = traffic_of(p);
    size_t best = 1;
    double least = 0;
    for (size_t chunk = 1;; chunk = ajp_min_size(2 * chunk, most)) {
        double n = (double)chunk, all = n * t.alive;
        if (chunk > 1 && all > MOST_BYTES) break;
        double cost = weight_share * t.weights / n + step_bytes * (double)p->n_steps / n;
        if (all > CACHE_BYTES) cost += 2 * t.values;
        if (chunk == 1 || cost < least) best = chunk, least = cost;
        if (chunk >= most) break;
    }
    return best;
}
