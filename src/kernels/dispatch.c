/* dispatch.c: which table, and the checked place of a stream of random numbers. */
#include "tables.h"

const ajp_kernels *ajp_kernels_for(aj_isa isa)
{
#ifdef AJP_HAVE_AVX
    if (isa == AJ_ISA_AVX512) return &ajp_kernels_avx512;
    if (isa == AJ_ISA_AVX2) return &ajp_kernels_avx2;
#endif
    (void)isa;
    return &ajp_kernels_scalar;
}

aj_status ajp_stream_make(ajp_stream *out, uint64_t seed, uint32_t purpose, size_t layer, size_t tile,
                          size_t trial, aj_error *err)
{
    if (layer >= 65536)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "layer %zu: random numbers have room for 65536 layers; split the network", layer);
    if (tile >= 65536)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "tile %zu: random numbers have room for 65536 tiles a layer; use larger tiles", tile);
    if (trial >= (size_t)1 << 24)
        return ajp_fail(err, AJ_BAD_ARGUMENT, 0,
                        "trial %zu: random numbers have room for 16777216 trials a seed; use another seed",
                        trial);
    *out = (ajp_stream){
        {(uint32_t)seed, (uint32_t)(seed >> 32) ^ purpose}, (uint32_t)(layer << 16 | tile), (uint32_t)trial};
    return AJ_OK;
}
