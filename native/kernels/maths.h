// Scalar building blocks that the compiler turns into vectors. Everything is local to the file that includes it: a function that two levels shared
// could be taken from the wrong one by the linker. No standard function stands here for the same reason.
#pragma once
#include "kernels.h"

#define TUNESMITH_INLINE static inline __attribute__((always_inline))

namespace tunesmith {
namespace {

TUNESMITH_INLINE float from_bits(uint32_t bits) {
    float value;
    __builtin_memcpy(&value, &bits, sizeof value);
    return value;
}

TUNESMITH_INLINE uint32_t to_bits(float value) {
    uint32_t bits;
    __builtin_memcpy(&bits, &value, sizeof bits);
    return bits;
}

TUNESMITH_INLINE float load(float value) { return value; }
TUNESMITH_INLINE float load(bf16 value) { return from_bits(static_cast<uint32_t>(value) << 16); }

TUNESMITH_INLINE void store(float& to, float value) { to = value; }

// Round to nearest, ties to even; a NaN stays one.
TUNESMITH_INLINE void store(bf16& to, float value) {
    const uint32_t bits = to_bits(value);
    const uint32_t rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
    to = static_cast<bf16>(value != value ? 0x7fc0u : rounded);
}

// value as it is after having been stored.
TUNESMITH_INLINE float stored(float, float value) { return value; }
TUNESMITH_INLINE float stored(bf16, float value) {
    bf16 kept;
    store(kept, value);
    return load(kept);
}

// e^x to 1e-7; below e^-86.9 it is 0, which spares the slow path of denormal numbers. x = n ln 2 + r, |r| <= ln 2 / 2.
TUNESMITH_INLINE float exp_of(float x) {
    float c = x < -86.9f ? -86.9f : x;
    c = c > 88.73f ? 88.73f : c;
    const float shift = 12582912.0f;  // 1.5 · 2^23: adding it rounds to a whole number
    const float n = (c * 1.44269504f + shift) - shift;
    const float r = (c - n * 0.693145752f) - n * 1.42860677e-6f;
    float p = 0.001381458598f;
    p = p * r + 0.00836871844f;
    p = p * r + 0.0416683890f;
    p = p * r + 0.166665211f;
    p = p * r + 0.499999940f;
    p = p * r * r + r + 1.0f;
    const uint32_t exponent = (static_cast<uint32_t>(static_cast<int32_t>(n)) + 126u) << 23;
    const float value = p * from_bits(exponent) * 2.0f;
    return x < -86.9f ? 0.0f : value;
}

TUNESMITH_INLINE float sigmoid_of(float x) { return 1.0f / (1.0f + exp_of(-x)); }

// Φ(x) and φ(x) of the normal distribution: erfc(t) = e^(-t²) u Q(u), u = 1 / (1 + 0.4 t); Q is a fit of ours, 2e-7 in float for all t >= 0.
TUNESMITH_INLINE void normal_of(float x, float& below, float& density) {
    const float size = x < 0 ? -x : x;
    const float u = 1.0f / (1.0f + 0.282842712f * size);  // t = |x| / √2
    float q = -0.0295949765f;
    q = q * u + 0.198016509f;
    q = q * u - 0.498818845f;
    q = q * u + 0.547444701f;
    q = q * u - 0.284373909f;
    q = q * u + 0.272069871f;
    q = q * u + 0.129678428f;
    q = q * u + 0.214919329f;
    q = q * u + 0.224951997f;
    q = q * u + 0.225706905f;
    const float e = exp_of(-0.5f * x * x);
    const float tail = 0.5f * e * u * q;
    below = x < 0 ? tail : 1.0f - tail;
    density = 0.398942280f * e;
}

}  // namespace
}  // namespace tunesmith
