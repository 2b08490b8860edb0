// The kernels for AVX-512; native/build.sh gives this file its instructions.
#if defined(__x86_64__)
#define TUNESMITH_TABLE avx512_kernels
#include "table.h"
#endif
