// Kernels that look at one element (or one pair of a head's row) at a time.
#pragma once
#include "maths.h"

namespace tunesmith {
namespace {

template <typename T>
void drop(const void* x_, const uint8_t* __restrict mask, void* y_, int64_t count, float scale) {
    const T* __restrict x = static_cast<const T*>(x_);
    T* __restrict y = static_cast<T*>(y_);
    for (int64_t i = 0; i < count; ++i) store(y[i], load(x[i]) * (static_cast<float>(mask[i]) * scale));
}

template <typename T, bool tanh>
void gelu_loop(const T* __restrict x, T* __restrict y, int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
        const float v = load(x[i]);
        float below, density;
        if (tanh) below = sigmoid_of(1.59576912f * (v + 0.044715f * v * v * v));
        else normal_of(v, below, density);
        store(y[i], v * below);
    }
}

template <typename T>
void gelu(const void* x, void* y, int64_t count, bool tanh) {
    if (tanh) gelu_loop<T, true>(static_cast<const T*>(x), static_cast<T*>(y), count);
    else gelu_loop<T, false>(static_cast<const T*>(x), static_cast<T*>(y), count);
}

template <typename T, bool tanh>
void gelu_back_loop(const T* __restrict gradient, const T* __restrict x, T* __restrict dx, int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
        const float v = load(x[i]);
        float slope, density;
        if (tanh) {
            const float s = sigmoid_of(1.59576912f * (v + 0.044715f * v * v * v));
            slope = s + v * s * (1.0f - s) * (1.59576912f + 0.214064432f * v * v);
        } else {
            normal_of(v, slope, density);
            slope += v * density;
        }
        store(dx[i], load(gradient[i]) * slope);
    }
}

template <typename T>
void gelu_back(const void* gradient, const void* x, void* dx, int64_t count, bool tanh) {
    if (tanh) gelu_back_loop<T, true>(static_cast<const T*>(gradient), static_cast<const T*>(x), static_cast<T*>(dx), count);
    else gelu_back_loop<T, false>(static_cast<const T*>(gradient), static_cast<const T*>(x), static_cast<T*>(dx), count);
}

template <typename T>
void swiglu(const void* gate_, const void* up_, void* y_, int64_t count) {
    const T* __restrict gate = static_cast<const T*>(gate_);
    const T* __restrict up = static_cast<const T*>(up_);
    T* __restrict y = static_cast<T*>(y_);
    for (int64_t i = 0; i < count; ++i) {
        const float g = load(gate[i]);
        store(y[i], stored(T(), g / (1.0f + exp_of(-g))) * load(up[i]));
    }
}

template <typename T>
void swiglu_back(const void* gradient_, const void* gate_, const void* up_, void* dgate_, void* dup_, int64_t count) {
    const T* __restrict gradient = static_cast<const T*>(gradient_);
    const T* __restrict gate = static_cast<const T*>(gate_);
    const T* __restrict up = static_cast<const T*>(up_);
    T* __restrict dgate = static_cast<T*>(dgate_);
    T* __restrict dup = static_cast<T*>(dup_);
    for (int64_t i = 0; i < count; ++i) {
        const float g = load(gate[i]), d = load(gradient[i]);
        const float s = sigmoid_of(g);
        store(dgate[i], d * load(up[i]) * (s * (1.0f + g * (1.0f - s))));
        store(dup[i], d * (g * s));
    }
}

template <typename X, typename Y>
void rotary(const void* x_, const float* __restrict cos, const float* __restrict sin, void* y_, int64_t size, int64_t turned, bool interleaved, bool back) {
    const X* __restrict x = static_cast<const X*>(x_);
    Y* __restrict y = static_cast<Y*>(y_);
    const int64_t half = turned / 2;
    // Turning back is turning by the negative angle; each half takes the other's sine then.
    if (interleaved) {
        for (int64_t i = 0; i < half; ++i) {
            const float a = load(x[2 * i]), b = load(x[2 * i + 1]);
            const float sa = back ? -sin[2 * i + 1] : sin[2 * i], sb = back ? -sin[2 * i] : sin[2 * i + 1];
            store(y[2 * i], a * cos[2 * i] - b * sa);
            store(y[2 * i + 1], b * cos[2 * i + 1] + a * sb);
        }
    } else {
        const float sign = back ? -1.0f : 1.0f;
        const float* __restrict to_a = back ? sin + half : sin;
        const float* __restrict to_b = back ? sin : sin + half;
        for (int64_t i = 0; i < half; ++i) {
            const float a = load(x[i]), b = load(x[half + i]);
            store(y[i], a * cos[i] - b * (sign * to_a[i]));
            store(y[half + i], b * cos[half + i] + a * (sign * to_b[i]));
        }
    }
    for (int64_t i = turned; i < size; ++i) store(y[i], load(x[i]));
}

void adamw(float* __restrict parameter, const float* __restrict gradient, float* __restrict first, float* __restrict second, int64_t count, float keep, float rest1,
           float beta2, float rest2, float correction, float eps, float rate) {
    for (int64_t i = 0; i < count; ++i) {
        const float g = gradient[i];
        const float m = first[i] + rest1 * (g - first[i]);
        const float v = second[i] * beta2 + rest2 * g * g;
        first[i] = m;
        second[i] = v;
        parameter[i] = parameter[i] * keep - rate * (m / (__builtin_sqrtf(v) * correction + eps));
    }
}

}  // namespace
}  // namespace tunesmith
