// The border of our own kernels: checks what it is given, cuts the work for libtorch's threads and calls the table of this machine's level. Pieces are cut by
// size alone, so that the same input gives the same bits.
#include "border.h"
#include "kernels/kernels.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <vector>

namespace tunesmith {

static constexpr int64_t grain = 1 << 14;  // elements that are worth a thread
static constexpr int64_t parts = 16;       // partial sums over rows, whatever the number of threads

// The tensors and numbers of one call.
struct Given {
    std::vector<at::Tensor> tensors;
    const double* numbers;
    int32_t number_count;

    at::Tensor& tensor(size_t i) {
        TORCH_CHECK(i < tensors.size() && tensors[i].defined(), "kernel: got no tensor ", i, "; expected one");
        return tensors[i];
    }
    bool has(size_t i) const { return i < tensors.size() && tensors[i].defined(); }
    double number(int32_t i) const {
        TORCH_CHECK(i < number_count, "kernel: got ", number_count, " numbers; expected more");
        return numbers[i];
    }
    float real(int32_t i) const { return static_cast<float>(number(i)); }

    template <typename T = void>
    T* data(size_t i, at::ScalarType type, int64_t count) {
        at::Tensor& given = tensor(i);
        TORCH_CHECK(given.scalar_type() == type && given.is_contiguous() && given.device().is_cpu() && given.numel() == count, "kernel: got tensor ", i, " of ", given.sizes(), ", ",
                    given.scalar_type(), "; expected ", count, " elements of ", type, " in one piece on the CPU");
        return static_cast<T*>(given.data_ptr());
    }
    template <typename T = void>
    T* optional(size_t i, at::ScalarType type, int64_t count) {
        return has(i) ? data<T>(i, type, count) : nullptr;
    }
    int kind(size_t i) {
        const at::ScalarType type = tensor(i).scalar_type();
        TORCH_CHECK(type == at::kFloat || type == at::kBFloat16, "kernel: got tensor ", i, " of ", type, "; expected float32 or bfloat16");
        return type == at::kBFloat16 ? 1 : 0;
    }
};

static at::ScalarType type_of(int kind) { return kind == 1 ? at::kBFloat16 : at::kFloat; }
static int64_t size_of(int kind) { return kind == 1 ? 2 : 4; }

template <typename P>
static P* at_byte(P* data, int64_t offset) {
    using Byte = std::conditional_t<std::is_const_v<P>, const char, char>;
    return data == nullptr ? nullptr : reinterpret_cast<P*>(reinterpret_cast<Byte*>(data) + offset);
}

template <typename P>
static P* moved(P* data, int64_t count) {
    return data == nullptr ? nullptr : data + count;
}

template <typename Body>
static void rows_in_parallel(int64_t rows, int64_t width, const Body& body) {
    if (rows > 0 && width > 0) at::parallel_for(0, rows, std::max<int64_t>(1, grain / width), [&](int64_t from, int64_t to) { body(from, to); });
}

static void drop(Given& given) {
    const int64_t count = given.tensor(0).numel();
    const int kind = given.kind(0);
    const void* x = given.data(0, type_of(kind), count);
    const auto* mask = given.data<uint8_t>(1, at::kByte, count);
    void* y = given.data(2, type_of(kind), count);
    const float scale = given.real(0);
    rows_in_parallel(count, 1, [&](int64_t from, int64_t to) {
        kernels().drop[kind](at_byte(x, from * size_of(kind)), mask + from, at_byte(y, from * size_of(kind)), to - from, scale);
    });
}

static void gelu(Given& given) {
    const int64_t count = given.tensor(0).numel();
    const int kind = given.kind(0);
    const void* x = given.data(0, type_of(kind), count);
    void* y = given.data(1, type_of(kind), count);
    const bool tanh = given.number(0) != 0;
    rows_in_parallel(count, 1, [&](int64_t from, int64_t to) {
        kernels().gelu[kind](at_byte(x, from * size_of(kind)), at_byte(y, from * size_of(kind)), to - from, tanh);
    });
}

static void gelu_back(Given& given) {
    const int64_t count = given.tensor(0).numel();
    const int kind = given.kind(0);
    const void* gradient = given.data(0, type_of(kind), count);
    const void* x = given.data(1, type_of(kind), count);
    void* dx = given.data(2, type_of(kind), count);
    const bool tanh = given.number(0) != 0;
    rows_in_parallel(count, 1, [&](int64_t from, int64_t to) {
        const int64_t offset = from * size_of(kind);
        kernels().gelu_back[kind](at_byte(gradient, offset), at_byte(x, offset), at_byte(dx, offset), to - from, tanh);
    });
}

static void swiglu(Given& given) {
    const int64_t count = given.tensor(0).numel();
    const int kind = given.kind(0);
    const void* gate = given.data(0, type_of(kind), count);
    const void* up = given.data(1, type_of(kind), count);
    void* y = given.data(2, type_of(kind), count);
    rows_in_parallel(count, 1, [&](int64_t from, int64_t to) {
        const int64_t offset = from * size_of(kind);
        kernels().swiglu[kind](at_byte(gate, offset), at_byte(up, offset), at_byte(y, offset), to - from);
    });
}

static void swiglu_back(Given& given) {
    const int64_t count = given.tensor(0).numel();
    const int kind = given.kind(0);
    const void* gradient = given.data(0, type_of(kind), count);
    const void* gate = given.data(1, type_of(kind), count);
    const void* up = given.data(2, type_of(kind), count);
    void* dgate = given.data(3, type_of(kind), count);
    void* dup = given.data(4, type_of(kind), count);
    rows_in_parallel(count, 1, [&](int64_t from, int64_t to) {
        const int64_t offset = from * size_of(kind);
        kernels().swiglu_back[kind](at_byte(gradient, offset), at_byte(gate, offset), at_byte(up, offset), at_byte(dgate, offset), at_byte(dup, offset), to - from);
    });
}

// x and y [B, H, T, D] with any strides but the last; cos and sin [T, R] or [B, T, R].
static void rotary(Given& given) {
    const at::Tensor& x = given.tensor(0);
    const at::Tensor& y = given.tensor(1);
    const at::Tensor& cos = given.tensor(2);
    const int from_kind = given.kind(0), to_kind = given.kind(1);
    TORCH_CHECK(x.dim() == 4 && y.sizes() == x.sizes() && (x.numel() == 0 || (x.stride(3) == 1 && y.stride(3) == 1)), "rotary: got ", x.sizes(), " and ", y.sizes(),
                "; expected two of four dimensions, the last in one piece");
    const int64_t heads = x.size(1), times = x.size(2), size = x.size(3), turned = cos.size(-1);
    const int64_t batches = cos.dim() == 3 ? cos.size(0) : 1;
    TORCH_CHECK((batches == 1 || batches == x.size(0)) && turned <= size && turned % 2 == 0, "rotary: got cos ", cos.sizes(), " for ", x.sizes());
    const auto* cosines = given.data<float>(2, at::kFloat, batches * times * turned);
    const auto* sines = given.data<float>(3, at::kFloat, batches * times * turned);
    const bool interleaved = given.number(0) != 0, back = given.number(1) != 0;
    const void* source = x.data_ptr();
    void* target = y.data_ptr();
    rows_in_parallel(x.size(0) * heads * times, size, [&](int64_t from, int64_t to) {
        for (int64_t row = from; row < to; ++row) {
            const int64_t time = row % times, head = row / times % heads, batch = row / times / heads;
            const int64_t angle = ((batches == 1 ? 0 : batch) * times + time) * turned;
            const int64_t in = batch * x.stride(0) + head * x.stride(1) + time * x.stride(2), out = batch * y.stride(0) + head * y.stride(1) + time * y.stride(2);
            kernels().rotary[from_kind][to_kind](at_byte(source, in * size_of(from_kind)), cosines + angle, sines + angle, at_byte(target, out * size_of(to_kind)), size, turned,
                                                 interleaved, back);
        }
    });
}

static int64_t width_of(const at::Tensor& x) {
    TORCH_CHECK(x.dim() > 0, "kernel: got a number; expected rows");
    return x.size(-1);
}

// x, mask?, residual?, weight, bias, sum?, y, mean, inverse; scale, eps
static void layer_norm(Given& given) {
    const at::Tensor& x = given.tensor(0);
    const int64_t width = width_of(x), count = x.numel(), rows = width == 0 ? 0 : count / width;
    const int kind = given.kind(0);
    const void* from_x = given.data(0, type_of(kind), count);
    const auto* mask = given.optional<uint8_t>(1, at::kByte, count);
    const auto* residual = given.optional<float>(2, at::kFloat, count);
    const auto* weight = given.data<float>(3, at::kFloat, width);
    const auto* bias = given.data<float>(4, at::kFloat, width);
    auto* sum = given.optional<float>(5, at::kFloat, count);
    auto* y = given.data<float>(6, at::kFloat, count);
    auto* mean = given.data<float>(7, at::kFloat, rows);
    auto* inverse = given.data<float>(8, at::kFloat, rows);
    const float scale = given.real(0), eps = given.real(1);
    rows_in_parallel(rows, width, [&](int64_t from, int64_t to) {
        const int64_t first = from * width;
        kernels().layer_norm[kind](at_byte(from_x, first * size_of(kind)), moved(mask, first), scale, moved(residual, first), weight, bias, moved(sum, first), y + first, mean + from,
                                   inverse + from, to - from, width, eps);
    });
}

// Adds up what the parts gathered, always in the same order.
static void add_parts(const at::Tensor& partial, int64_t which, float* total, int64_t width) {
    if (total == nullptr) return;
    const auto* from = static_cast<const float*>(partial.data_ptr());
    const int64_t kinds = partial.size(1);
    for (int64_t i = 0; i < width; ++i) {
        double sum = 0;
        for (int64_t part = 0; part < parts; ++part) sum += from[(part * kinds + which) * width + i];
        total[i] = static_cast<float>(sum);
    }
}

template <typename Body>
static void parts_in_parallel(int64_t rows, const Body& body) {
    const int64_t each = (rows + parts - 1) / parts;
    at::parallel_for(0, parts, 1, [&](int64_t from, int64_t to) {
        for (int64_t part = from; part < to; ++part) {
            const int64_t first = std::min(rows, part * each), last = std::min(rows, first + each);
            if (last > first) body(part, first, last);
        }
    });
}

// gradient, sum, mean, inverse, weight, mask?, dx?, dsum, dweight?, dbias?; scale
static void layer_norm_back(Given& given) {
    const int64_t width = width_of(given.tensor(1)), count = given.tensor(1).numel(), rows = width == 0 ? 0 : count / width;
    const auto* gradient = given.data<float>(0, at::kFloat, count);
    const auto* sum = given.data<float>(1, at::kFloat, count);
    const auto* mean = given.data<float>(2, at::kFloat, rows);
    const auto* inverse = given.data<float>(3, at::kFloat, rows);
    const auto* weight = given.data<float>(4, at::kFloat, width);
    const auto* mask = given.optional<uint8_t>(5, at::kByte, count);
    const int kind = given.has(6) ? given.kind(6) : 0;
    void* dx = given.optional(6, type_of(kind), count);
    auto* dsum = given.data<float>(7, at::kFloat, count);
    auto* dweight = given.optional<float>(8, at::kFloat, width);
    auto* dbias = given.optional<float>(9, at::kFloat, width);
    const float scale = given.real(0);
    const bool sums = dweight != nullptr || dbias != nullptr;
    const at::Tensor partial = at::zeros({parts, 2, sums ? width : 0}, at::kFloat);
    auto* partials = static_cast<float*>(partial.data_ptr());
    parts_in_parallel(rows, [&](int64_t part, int64_t from, int64_t to) {
        const int64_t first = from * width;
        float* mine = sums ? partials + part * 2 * width : nullptr;
        kernels().layer_norm_back[kind](gradient + first, sum + first, mean + from, inverse + from, weight, moved(mask, first), scale, at_byte(dx, first * size_of(kind)), dsum + first, mine,
                                        moved(mine, width), to - from, width);
    });
    add_parts(partial, 0, dweight, width);
    add_parts(partial, 1, dbias, width);
}

// x, weight, y, inverse; eps
static void rms_norm(Given& given) {
    const int64_t width = width_of(given.tensor(0)), count = given.tensor(0).numel(), rows = width == 0 ? 0 : count / width;
    const int kind = given.kind(0);
    const void* x = given.data(0, type_of(kind), count);
    const auto* weight = given.data<float>(1, at::kFloat, width);
    void* y = given.data(2, type_of(kind), count);
    auto* inverse = given.data<float>(3, at::kFloat, rows);
    const float eps = given.real(0);
    rows_in_parallel(rows, width, [&](int64_t from, int64_t to) {
        const int64_t offset = from * width * size_of(kind);
        kernels().rms_norm[kind](at_byte(x, offset), weight, at_byte(y, offset), inverse + from, to - from, width, eps);
    });
}

// gradient, x, weight, inverse, dx, dweight?
static void rms_norm_back(Given& given) {
    const int64_t width = width_of(given.tensor(1)), count = given.tensor(1).numel(), rows = width == 0 ? 0 : count / width;
    const int kind = given.kind(1);
    const void* gradient = given.data(0, type_of(kind), count);
    const void* x = given.data(1, type_of(kind), count);
    const auto* weight = given.data<float>(2, at::kFloat, width);
    const auto* inverse = given.data<float>(3, at::kFloat, rows);
    void* dx = given.data(4, type_of(kind), count);
    auto* dweight = given.optional<float>(5, at::kFloat, width);
    const at::Tensor partial = at::zeros({parts, 1, dweight == nullptr ? 0 : width}, at::kFloat);
    auto* partials = static_cast<float*>(partial.data_ptr());
    parts_in_parallel(rows, [&](int64_t part, int64_t from, int64_t to) {
        const int64_t offset = from * width * size_of(kind);
        kernels().rms_norm_back[kind](at_byte(gradient, offset), at_byte(x, offset), weight, inverse + from, at_byte(dx, offset), dweight == nullptr ? nullptr : partials + part * width,
                                      to - from, width);
    });
    add_parts(partial, 0, dweight, width);
}

// scores, weights (may be scores), mask?, hidden?; keep, scale, heads, queries. Rows are [B, heads, queries]; hidden is bool [1 or B, 1, 1 or queries, width].
static void softmax(Given& given) {
    const int64_t width = width_of(given.tensor(0)), count = given.tensor(0).numel(), rows = width == 0 ? 0 : count / width;
    const int kind = given.kind(0), weight_kind = given.kind(1);
    void* scores = given.data(0, type_of(kind), count);
    void* weights = given.data(1, type_of(weight_kind), count);
    const auto* mask = given.optional<uint8_t>(2, at::kByte, count);
    const auto heads = static_cast<int64_t>(given.number(2)), queries = static_cast<int64_t>(given.number(3));
    const uint8_t* hidden = nullptr;
    int64_t batch_stride = 0, query_stride = 0;
    if (given.has(3)) {
        const at::Tensor& shut = given.tensor(3);
        TORCH_CHECK(shut.dim() == 4 && shut.scalar_type() == at::kBool && shut.size(1) == 1 && shut.size(3) == width && (width < 2 || shut.stride(3) == 1) &&
                        (shut.size(0) == 1 || shut.size(0) * heads * queries == rows) && (shut.size(2) == 1 || shut.size(2) == queries),
                    "softmax: got hidden keys ", shut.sizes(), " for ", rows, " rows of ", width);
        hidden = static_cast<const uint8_t*>(shut.data_ptr());
        batch_stride = shut.size(0) == 1 ? 0 : shut.stride(0);
        query_stride = shut.size(2) == 1 ? 0 : shut.stride(2);
    }
    const float keep = given.real(0), scale = given.real(1);
    rows_in_parallel(rows, width, [&](int64_t from, int64_t to) {
        for (int64_t row = from; row < to; ++row) {
            const uint8_t* shut = hidden == nullptr ? nullptr : hidden + row / (heads * queries) * batch_stride + row % queries * query_stride;
            kernels().softmax[kind][weight_kind](at_byte(scores, row * width * size_of(kind)), shut, moved(mask, row * width), keep, scale,
                                                 at_byte(weights, row * width * size_of(weight_kind)), width);
        }
    });
}

// gradient (becomes that of the scores), weights, mask?; keep, scale
static void softmax_back(Given& given) {
    const int64_t width = width_of(given.tensor(0)), count = given.tensor(0).numel(), rows = width == 0 ? 0 : count / width;
    const int kind = given.kind(0), weight_kind = given.kind(1);
    void* gradient = given.data(0, type_of(kind), count);
    const void* weights = given.data(1, type_of(weight_kind), count);
    const auto* mask = given.optional<uint8_t>(2, at::kByte, count);
    const float keep = given.real(0), scale = given.real(1);
    rows_in_parallel(rows, width, [&](int64_t from, int64_t to) {
        for (int64_t row = from; row < to; ++row)
            kernels().softmax_back[kind][weight_kind](at_byte(gradient, row * width * size_of(kind)), at_byte(weights, row * width * size_of(weight_kind)), moved(mask, row * width), keep,
                                                      scale, width);
    });
}

// logits [n, V] (become their gradient where that is wanted), labels int64 [n], losses float64 [n]; smoothing, gradient
static void cross_entropy(Given& given) {
    const int64_t width = width_of(given.tensor(0)), count = given.tensor(0).numel(), rows = width == 0 ? 0 : count / width;
    const int kind = given.kind(0);
    void* logits = given.data(0, type_of(kind), count);
    const auto* labels = given.data<int64_t>(1, at::kLong, rows);
    auto* losses = given.data<double>(2, at::kDouble, rows);
    for (int64_t row = 0; row < rows; ++row)
        TORCH_CHECK(labels[row] >= 0 && labels[row] < width, "cross-entropy: got the label ", labels[row], "; expected 0 to ", width - 1);
    const float smoothing = given.real(0);
    const bool gradient = given.number(1) != 0;
    rows_in_parallel(rows, width, [&](int64_t from, int64_t to) {
        for (int64_t row = from; row < to; ++row)
            losses[row] = kernels().cross_entropy[kind](at_byte(logits, row * width * size_of(kind)), labels[row], smoothing, width, gradient);
    });
}

// parameter, gradient, first, second; keep, rest1, beta2, rest2, correction, eps, rate
static void adamw(Given& given) {
    const int64_t count = given.tensor(0).numel();
    auto* parameter = given.data<float>(0, at::kFloat, count);
    const auto* gradient = given.data<float>(1, at::kFloat, count);
    auto* first = given.data<float>(2, at::kFloat, count);
    auto* second = given.data<float>(3, at::kFloat, count);
    const float keep = given.real(0), rest1 = given.real(1), beta2 = given.real(2), rest2 = given.real(3), correction = given.real(4), eps = given.real(5), rate = given.real(6);
    rows_in_parallel(count, 1, [&](int64_t from, int64_t to) {
        kernels().adamw(parameter + from, gradient + from, first + from, second + from, to - from, keep, rest1, beta2, rest2, correction, eps, rate);
    });
}

using Run = void (*)(Given&);
static constexpr Run runs[] = {drop,          gelu,     gelu_back,     swiglu,  swiglu_back,  rotary,        layer_norm,
                               layer_norm_back, rms_norm, rms_norm_back, softmax, softmax_back, cross_entropy, adamw};

}  // namespace tunesmith

using namespace tunesmith;

int32_t ts_kernel_run(int32_t kernel, const ts_tensor* tensors, int32_t count, const double* numbers, int32_t number_count) {
    return guarded([&] {
        constexpr auto known = static_cast<int32_t>(sizeof(runs) / sizeof(runs[0]));
        TORCH_CHECK(kernel >= 0 && kernel < known, "kernel: got ", kernel, "; expected 0 to ", known - 1);
        Given given{{}, numbers, number_count};
        given.tensors.reserve(static_cast<size_t>(count));
        for (int32_t i = 0; i < count; ++i) given.tensors.push_back(borrow(tensors[i]));
        const at::NoGradGuard no_grad;
        runs[kernel](given);
    });
}

int32_t ts_kernel_level(int32_t* used, int32_t* highest) {
    return guarded([&] {
        *used = static_cast<int32_t>(level());
        *highest = static_cast<int32_t>(highest_level());
    });
}

int32_t ts_kernel_level_set(int32_t wanted) {
    return guarded([&] {
        TORCH_CHECK(wanted >= 0 && wanted <= static_cast<int32_t>(highest_level()), "kernel level: got ", wanted, "; expected 0 to ", static_cast<int32_t>(highest_level()));
        set_level(static_cast<Level>(wanted));
    });
}
