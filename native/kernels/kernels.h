// Kernels of our own: plain loops over raw memory, compiled once for every level of instructions and chosen at run time. Nothing here knows libtorch.
#pragma once
#include <cstdint>

namespace tunesmith {

using bf16 = uint16_t;  // the bits of a bfloat16

enum class Level { Baseline = 0, Avx2 = 1, Avx512 = 2 };

// All functions work on the rows (or elements) they are given, on the calling thread. X, Y: storage types, float or bf16; sums are made in float.
struct Kernels {
    // MT19937: the next 624 numbers of the state, tempered; and a Bernoulli mask of pairs of draws, as torch draws it with 53 bits.
    void (*twist)(uint32_t* state, uint32_t* tempered);
    void (*keep)(const uint32_t* draws, uint8_t* mask, int64_t count, uint64_t threshold);

    // y = x · mask · scale; index: type of x and y.
    void (*drop[2])(const void* x, const uint8_t* mask, void* y, int64_t count, float scale);
    void (*gelu[2])(const void* x, void* y, int64_t count, bool tanh);
    void (*gelu_back[2])(const void* gradient, const void* x, void* dx, int64_t count, bool tanh);
    void (*swiglu[2])(const void* gate, const void* up, void* y, int64_t count);
    void (*swiglu_back[2])(const void* gradient, const void* gate, const void* up, void* dgate, void* dup, int64_t count);

    // One row of a head: pairs of features turned by an angle; sine < 0 turns back. Indices: types of x and y.
    void (*rotary[2][2])(const void* x, const float* cos, const float* sin, void* y, int64_t size, int64_t turned, bool interleaved, bool back);

    // y = norm(s) · w + b with s = x · mask · scale + residual; index: type of x (the rest is float). sum may be null where nothing is added.
    void (*layer_norm[2])(const void* x, const uint8_t* mask, float scale, const float* residual, const float* weight, const float* bias, float* sum, float* y, float* mean,
                          float* inverse, int64_t rows, int64_t width, float eps);
    // dx (of x's type, through mask and scale) and dsum; dweight and dbias are added to, and may be null.
    void (*layer_norm_back[2])(const float* gradient, const float* sum, const float* mean, const float* inverse, const float* weight, const uint8_t* mask, float scale, void* dx,
                               float* dsum, float* dweight, float* dbias, int64_t rows, int64_t width);
    void (*rms_norm[2])(const void* x, const float* weight, void* y, float* inverse, int64_t rows, int64_t width, float eps);
    void (*rms_norm_back[2])(const void* gradient, const void* x, const float* weight, const float* inverse, void* dx, float* dweight, int64_t rows, int64_t width);

    // One row of attention: weights = softmax(scores · scale), hidden keys out; scores becomes weights · mask · keep. Indices: types of scores and weights.
    void (*softmax[2][2])(void* scores, const uint8_t* hidden, const uint8_t* mask, float keep, float scale, void* weights, int64_t width);
    // dscores, in place of the gradient of weights · mask · keep.
    void (*softmax_back[2][2])(void* gradient, const void* weights, const uint8_t* mask, float keep, float scale, int64_t width);

    // One row of cross-entropy: its loss; where wanted, logits become their gradient. Index: type of logits.
    double (*cross_entropy[2])(void* logits, int64_t label, float smoothing, int64_t width, bool gradient);

    // p = p · keep − rate · m / (√v · correction + eps), after m += rest1 (g − m) and v = v · beta2 + rest2 g².
    void (*adamw)(float* parameter, const float* gradient, float* first, float* second, int64_t count, float keep, float rest1, float beta2, float rest2, float correction, float eps,
                  float rate);
};

// The table in use: what the CPU has, lowered by ATEN_CPU_CAPABILITY or by set_level.
const Kernels& kernels();
Level level();
Level highest_level();
void set_level(Level level);

extern const Kernels baseline_kernels;
#if defined(__x86_64__)
extern const Kernels avx2_kernels;
extern const Kernels avx512_kernels;
#endif

}  // namespace tunesmith
