// Kernels that need a whole row: norms, softmax, cross-entropy. A row is passed over several times while it lies in the cache.
#pragma once
#include "maths.h"

namespace tunesmith {
namespace {

template <typename X>
void layer_norm(const void* x_, const uint8_t* mask, float scale, const float* residual, const float* __restrict weight, const float* __restrict bias, float* sum, float* y_, float* mean,
                float* inverse, int64_t rows, int64_t width, float eps) {
    const float share = 1.0f / static_cast<float>(width);
    for (int64_t row = 0; row < rows; ++row) {
        const X* __restrict x = static_cast<const X*>(x_) + row * width;
        float* __restrict y = y_ + row * width;
        float* __restrict s = sum == nullptr ? y : sum + row * width;
        if (mask != nullptr) {
            const uint8_t* __restrict m = mask + row * width;
            for (int64_t i = 0; i < width; ++i) s[i] = stored(X(), load(x[i]) * (static_cast<float>(m[i]) * scale));
        } else {
            for (int64_t i = 0; i < width; ++i) s[i] = load(x[i]);
        }
        if (residual != nullptr) {
            const float* __restrict r = residual + row * width;
            for (int64_t i = 0; i < width; ++i) s[i] += r[i];
        }
        float total = 0;
#pragma omp simd reduction(+ : total)
        for (int64_t i = 0; i < width; ++i) total += s[i];
        const float middle_value = total * share;
        float squares = 0;
#pragma omp simd reduction(+ : squares)
        for (int64_t i = 0; i < width; ++i) squares += (s[i] - middle_value) * (s[i] - middle_value);
        const float r = 1.0f / __builtin_sqrtf(squares * share + eps);
        mean[row] = middle_value;
        inverse[row] = r;
        for (int64_t i = 0; i < width; ++i) y[i] = (s[i] - middle_value) * r * weight[i] + bias[i];
    }
}

template <typename X>
void layer_norm_back(const float* gradient, const float* sum, const float* mean, const float* inverse, const float* __restrict weight, const uint8_t* mask, float scale, void* dx_,
                     float* dsum, float* __restrict dweight, float* __restrict dbias, int64_t rows, int64_t width) {
    const float share = 1.0f / static_cast<float>(width);
    for (int64_t row = 0; row < rows; ++row) {
        const float* __restrict g = gradient + row * width;
        const float* __restrict s = sum + row * width;
        float* __restrict d = dsum + row * width;
        const float m = mean[row], r = inverse[row];
        float a = 0, b = 0;
#pragma omp simd reduction(+ : a, b)
        for (int64_t i = 0; i < width; ++i) {
            const float gw = g[i] * weight[i];
            a += gw;
            b += gw * ((s[i] - m) * r);
        }
        a *= share;
        b *= share;
        for (int64_t i = 0; i < width; ++i) d[i] = r * (g[i] * weight[i] - a - ((s[i] - m) * r) * b);
        if (dweight != nullptr)
            for (int64_t i = 0; i < width; ++i) {
                dweight[i] += g[i] * ((s[i] - m) * r);
                dbias[i] += g[i];
            }
        if (dx_ == nullptr) continue;
        X* __restrict x = static_cast<X*>(dx_) + row * width;
        if (mask != nullptr) {
            const uint8_t* __restrict k = mask + row * width;
            for (int64_t i = 0; i < width; ++i) store(x[i], d[i] * (static_cast<float>(k[i]) * scale));
        } else {
            for (int64_t i = 0; i < width; ++i) store(x[i], d[i]);
        }
    }
}

template <typename T>
void rms_norm(const void* x_, const float* __restrict weight, void* y_, float* inverse, int64_t rows, int64_t width, float eps) {
    for (int64_t row = 0; row < rows; ++row) {
        const T* __restrict x = static_cast<const T*>(x_) + row * width;
        T* __restrict y = static_cast<T*>(y_) + row * width;
        float squares = 0;
#pragma omp simd reduction(+ : squares)
        for (int64_t i = 0; i < width; ++i) squares += load(x[i]) * load(x[i]);
        const float r = 1.0f / __builtin_sqrtf(squares / static_cast<float>(width) + eps);
        inverse[row] = r;
        for (int64_t i = 0; i < width; ++i) store(y[i], load(x[i]) * r * weight[i]);
    }
}

// y = n w with n = x r: dx = r (g w − n mean(g w n)), dw = Σ g n.
template <typename T>
void rms_norm_back(const void* gradient, const void* x_, const float* __restrict weight, const float* inverse, void* dx_, float* __restrict dweight, int64_t rows, int64_t width) {
    for (int64_t row = 0; row < rows; ++row) {
        const T* __restrict g = static_cast<const T*>(gradient) + row * width;
        const T* __restrict x = static_cast<const T*>(x_) + row * width;
        T* __restrict d = static_cast<T*>(dx_) + row * width;
        const float r = inverse[row];
        float sum = 0;
#pragma omp simd reduction(+ : sum)
        for (int64_t i = 0; i < width; ++i) sum += load(g[i]) * weight[i] * (load(x[i]) * r);
        const float part = sum / static_cast<float>(width);
        for (int64_t i = 0; i < width; ++i) store(d[i], r * (load(g[i]) * weight[i] - load(x[i]) * r * part));
        if (dweight != nullptr)
            for (int64_t i = 0; i < width; ++i) dweight[i] += load(g[i]) * (load(x[i]) * r);
    }
}

template <typename T>
TUNESMITH_INLINE float largest_of(const T* __restrict x, int64_t count) {
    float largest = -__builtin_inff();
#pragma omp simd reduction(max : largest)
    for (int64_t i = 0; i < count; ++i) {
        const float v = load(x[i]);
        largest = v > largest ? v : largest;
    }
    return largest;
}

// Attention's rows are worked on in pieces of the stack, so that bf16 rows are rounded once only.
constexpr int64_t piece = 1024;

template <typename S, typename W>
void softmax(void* scores_, const uint8_t* hidden, const uint8_t* mask, float keep, float scale, void* weights_, int64_t width) {
    S* scores = static_cast<S*>(scores_);
    W* weights = static_cast<W*>(weights_);
    // Hidden keys get the lowest number there is, as the reference's added mask does: a row that sees nothing looks at all alike.
    constexpr float lowest = -3.4028234663852886e38f;
    float largest = -__builtin_inff();
    if (hidden != nullptr) {
#pragma omp simd reduction(max : largest)
        for (int64_t i = 0; i < width; ++i) {
            const float v = hidden[i] != 0 ? lowest : load(scores[i]) * scale;
            largest = v > largest ? v : largest;
        }
    } else {
        largest = largest_of(scores, width) * scale;  // scale is positive
    }
    float buffer[piece];
    float total = 0;
    if (width <= piece) {
        if (hidden != nullptr) {
            for (int64_t i = 0; i < width; ++i) buffer[i] = hidden[i] != 0 ? lowest : load(scores[i]) * scale;
        } else {
            for (int64_t i = 0; i < width; ++i) buffer[i] = load(scores[i]) * scale;
        }
#pragma omp simd reduction(+ : total)
        for (int64_t i = 0; i < width; ++i) {
            const float e = exp_of(buffer[i] - largest);
            buffer[i] = e;
            total += e;
        }
    } else {
#pragma omp simd reduction(+ : total)
        for (int64_t i = 0; i < width; ++i) total += exp_of((hidden != nullptr && hidden[i] != 0 ? lowest : load(scores[i]) * scale) - largest);
    }
    const float part = 1.0f / total;
    for (int64_t from = 0; from < width; from += piece) {
        const int64_t n = width - from < piece ? width - from : piece;
        S* __restrict s = scores + from;
        W* w = weights + from;
        if (width > piece)
            for (int64_t i = 0; i < n; ++i) buffer[i] = exp_of((hidden != nullptr && hidden[from + i] != 0 ? lowest : load(s[i]) * scale) - largest);
        if (mask != nullptr) {
            const uint8_t* __restrict m = mask + from;
            for (int64_t i = 0; i < n; ++i) {
                const float v = stored(W(), buffer[i] * part);
                store(w[i], v);
                store(s[i], stored(W(), v * (static_cast<float>(m[i]) * keep)));
            }
        } else if (static_cast<void*>(w) == static_cast<void*>(s)) {
            for (int64_t i = 0; i < n; ++i) store(s[i], buffer[i] * part);
        } else {
            for (int64_t i = 0; i < n; ++i) {
                const float v = stored(W(), buffer[i] * part);
                store(w[i], v);
                store(s[i], v);
            }
        }
    }
}

// With p the weights and d the gradient that reaches them: ds = p (d − Σ p d) · scale.
template <typename S, typename W>
void softmax_back(void* gradient_, const void* weights_, const uint8_t* mask, float keep, float scale, int64_t width) {
    S* __restrict g = static_cast<S*>(gradient_);
    const W* __restrict w = static_cast<const W*>(weights_);
    float sum = 0;
    if (mask != nullptr) {
        const uint8_t* __restrict m = mask;
#pragma omp simd reduction(+ : sum)
        for (int64_t i = 0; i < width; ++i) sum += load(w[i]) * (load(g[i]) * (static_cast<float>(m[i]) * keep));
        for (int64_t i = 0; i < width; ++i) store(g[i], load(w[i]) * (load(g[i]) * (static_cast<float>(m[i]) * keep) - sum) * scale);
    } else {
#pragma omp simd reduction(+ : sum)
        for (int64_t i = 0; i < width; ++i) sum += load(w[i]) * load(g[i]);
        for (int64_t i = 0; i < width; ++i) store(g[i], load(w[i]) * (load(g[i]) - sum) * scale);
    }
}

template <typename T>
double cross_entropy(void* logits_, int64_t label, float smoothing, int64_t width, bool gradient) {
    T* __restrict x = static_cast<T*>(logits_);
    const float largest = largest_of(x, width);
    const float answer = load(x[label]);
    double total = 0, spread = 0;
    // Sums of some thousand terms in float, those in double.
    for (int64_t from = 0; from < width; from += piece) {
        const int64_t n = width - from < piece ? width - from : piece;
        float part = 0, logs = 0;
#pragma omp simd reduction(+ : part, logs)
        for (int64_t i = 0; i < n; ++i) {
            const float v = load(x[from + i]) - largest;
            part += exp_of(v);
            logs += v;
        }
        total += part;
        spread += logs;
    }
    const double log_total = __builtin_log(total);
    const double every = static_cast<double>(width);
    const double loss = (1.0 - smoothing) * (log_total - (static_cast<double>(answer) - largest)) + (smoothing == 0 ? 0 : smoothing * (log_total - spread / every));
    if (!gradient) return loss;
    const float inverse = static_cast<float>(1.0 / total);
    const float even = static_cast<float>(smoothing / every);
    for (int64_t i = 0; i < width; ++i) store(x[i], exp_of(load(x[i]) - largest) * inverse - even);
    store(x[label], exp_of(answer - largest) * inverse - even - (1.0f - smoothing));
    return loss;
}

}  // namespace
}  // namespace tunesmith
