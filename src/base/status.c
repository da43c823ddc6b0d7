/* status.c: names of statuses and instruction sets, and how a failure gets its sentence. */
#include "internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *aj_status_name(aj_status status)
{
    switch (status) {
#define CASE(name, code, text) \
    case AJ_##name:            \
        return #name;
        AJ_STATUS_LIST(CASE)
#undef CASE
    }
    return "UNKNOWN";
}

const char *aj_status_text(aj_status status)
{
    switch (status) {
#define CASE(name, code, text) \
    case AJ_##name:            \
        return text;
        AJ_STATUS_LIST(CASE)
#undef CASE
    }
    return "a status code of another version";
}

aj_status ajp_fail(aj_error *err, aj_status status, int system_errno, const char *format, ...)
{
    if (err == NULL) return status;
    char message[sizeof err->message]; /* arguments may point into err */
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    size_t length = strlen(message);
    if (system_errno != 0 && length + 4 < sizeof message)
        snprintf(message + length, sizeof message - length, " (%s)", strerror(system_errno));
    err->status = status;
    err->system_errno = system_errno;
    memcpy(err->message, message, sizeof message);
    return status;
}

aj_status ajp_status_from_errno(int system_errno)
{
    switch (system_errno) {
    case ENOENT:
    case ENOTDIR:
        return AJ_NOT_FOUND;
    case EACCES:
    case EPERM:
    case EROFS:
        return AJ_DENIED;
    case ENOMEM:
        return AJ_NO_MEMORY;
    default:
        return AJ_IO;
    }
}

const char *aj_isa_name(aj_isa isa)
{
    switch (isa) {
    case AJ_ISA_AUTO:
        return "auto";
    case AJ_ISA_SCALAR:
        return "scalar";
    case AJ_ISA_AVX2:
        return "avx2";
    case AJ_ISA_AVX512:
        return "avx512";
    }
    return "unknown";
}

bool aj_isa_from_name(const char *name, aj_isa *out)
{
    for (int isa = AJ_ISA_AUTO; isa <= AJ_ISA_AVX512; isa++) {
        if (name != NULL && strcmp(name, aj_isa_name((aj_isa)isa)) == 0) {
            *out = (aj_isa)isa;
            return true;
        }
    }
    return false;
}

bool aj_isa_supported(aj_isa isa)
{
#if defined(__x86_64__)
    if (isa == AJ_ISA_AVX512)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
    if (isa == AJ_ISA_AVX2) return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
    return isa == AJ_ISA_SCALAR || isa == AJ_ISA_AUTO;
}

const char *aj_origin_name(aj_origin origin)
{
    return origin == AJ_MEASURED ? "measured" : origin == AJ_MODELLED ? "modelled" : "assumed";
}
