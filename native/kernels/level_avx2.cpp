// The kernels for AVX2 and FMA; native/build.sh gives this file its instructions.
#if defined(__x86_64__)
#define TUNESMITH_TABLE avx2_kernels
#include "table.h"
#endif
