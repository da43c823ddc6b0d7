/* activate.c: an activation as a map, for what did not pass a store that has it. */
#include "kernels.h"

enum { PIECE = 256 };

void ajp_activate(const ajp_kernels *kernels, ajp_activation activation, float parameter, float *x, size_t n)
{
    switch (activation) {
    case AJP_ACTIVATION_NONE:
        break;
    case AJP_ACTIVATION_RELU:
        kernels->map(AJP_MAP_RELU, x, x, n, 0.0F, 0.0F);
        break;
    case AJP_ACTIVATION_LEAKY_RELU:
        kernels->map(AJP_MAP_LEAKY_RELU, x, x, n, parameter, 0.0F);
        break;
    case AJP_ACTIVATION_SIGMOID:
        kernels->map(AJP_MAP_SIGMOID, x, x, n, 0.0F, 0.0F);
        break;
    case AJP_ACTIVATION_TANH:
        kernels->map(AJP_MAP_TANH, x, x, n, 0.0F, 0.0F);
        break;
    case AJP_ACTIVATION_SWISH: /* in pieces, so that the factor needs no memory */
        for (size_t done = 0; done < n; done += PIECE) {
            float gate[PIECE];
            size_t some = n - done < PIECE ? n - done : PIECE;
            kernels->map(AJP_MAP_SIGMOID, x + done, gate, some, 0.0F, 0.0F);
            kernels->binary('*', x + done, gate, x + done, some);
        }
        break;
    case AJP_ACTIVATION_HARD_SWISH:
        kernels->map(AJP_MAP_HARD_SWISH, x, x, n, 0.0F, 0.0F);
        break;
    case AJP_ACTIVATION_CLIPPED_RELU:
        kernels->map(AJP_MAP_CLIP, x, x, n, 0.0F, parameter);
        break;
    }
}
