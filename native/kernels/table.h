// The table of one level: included by each level's file, which the compiler is given its own instructions for.
#include "draws.h"
#include "elements.h"
#include "rows.h"

namespace tunesmith {

const Kernels TUNESMITH_TABLE = {
    twist,
    keep,
    {drop<float>, drop<bf16>},
    {gelu<float>, gelu<bf16>},
    {gelu_back<float>, gelu_back<bf16>},
    {swiglu<float>, swiglu<bf16>},
    {swiglu_back<float>, swiglu_back<bf16>},
    {{rotary<float, float>, rotary<float, bf16>}, {rotary<bf16, float>, rotary<bf16, bf16>}},
    {layer_norm<float>, layer_norm<bf16>},
    {layer_norm_back<float>, layer_norm_back<bf16>},
    {rms_norm<float>, rms_norm<bf16>},
    {rms_norm_back<float>, rms_norm_back<bf16>},
    {{softmax<float, float>, softmax<float, bf16>}, {softmax<bf16, float>, softmax<bf16, bf16>}},
    {{softmax_back<float, float>, softmax_back<float, bf16>}, {softmax_back<bf16, float>, softmax_back<bf16, bf16>}},
    {cross_entropy<float>, cross_entropy<bf16>},
    adamw,
};

}  // namespace tunesmith
