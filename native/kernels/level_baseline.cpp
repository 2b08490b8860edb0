// The kernels for every CPU.
#define TUNESMITH_TABLE baseline_kernels
#include "table.h"
