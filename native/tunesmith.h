/* Tunesmith's border to libtorch: the whole contract of libtunesmith.so.
 *
 * - Every function returns a status: 0 is success, anything else means that ts_error_text has the message of this thread.
 *   The two that cannot fail (ts_error_text, ts_error_set) are the exception. No C++ exception ever leaves a function.
 * - A tensor handle owns one reference. The caller frees each handle it was given with ts_tensor_free, once, on any thread.
 * - Tensors are on the CPU unless a device is named. Dtypes are c10::ScalarType codes.
 */
#ifndef TUNESMITH_H
#define TUNESMITH_H
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TS_API __attribute__((visibility("default")))

typedef struct ts_tensor_opaque* ts_tensor;
typedef struct ts_operator_opaque* ts_operator;
typedef struct ts_generator_opaque* ts_generator;

enum ts_tag {
    TS_NONE = 0,
    TS_TENSOR = 1,      /* p: handle */
    TS_INT = 2,         /* i */
    TS_DOUBLE = 3,      /* d */
    TS_BOOL = 4,        /* i: 0 or 1 */
    TS_INT_LIST = 5,    /* p: int64_t[count] */
    TS_TENSOR_LIST = 6, /* p: ts_tensor[count]; null entries where the schema takes optional tensors */
    TS_STRING = 7,      /* p: UTF-8, count bytes */
    TS_DTYPE = 8,       /* i: c10::ScalarType */
    TS_DEVICE = 9,      /* i: device type * 256 + index + 1 (0: no index) */
    TS_GENERATOR = 10,  /* p: handle */
    TS_DOUBLE_LIST = 11,/* p: double[count] */
    TS_BOOL_LIST = 12,  /* p: uint8_t[count] */
    TS_DEFAULT = 13     /* the schema's default */
};

/* One argument or result: 16 bytes. Lists among the results lie in memory of the thread that the next call reuses. */
typedef struct {
    int32_t tag;
    int32_t count;
    union { int64_t i; double d; void* p; } v;
} ts_value;

/* What is known of a tensor without copying it. sizes and strides live as long as the handle. */
typedef struct {
    int64_t count;          /* elements */
    int64_t bytes;          /* elements x element size */
    const int64_t* sizes;
    const int64_t* strides;
    void* data;             /* first element; null for an empty tensor */
    int32_t rank;
    int32_t dtype;
    int32_t contiguous;
    int32_t requires_grad;
    int32_t leaf;
    int32_t device;
} ts_tensor_info;

/* error.cpp. Writes up to capacity - 1 bytes and a zero; returns the length of the whole text. */
TS_API int32_t ts_error_text(char* buffer, int32_t capacity);
TS_API void ts_error_set(const char* text, int32_t length);

/* dispatch.cpp: any operator by schema name and overload; missing trailing arguments take the schema's defaults. */
TS_API int32_t ts_operator_find(const char* name, const char* overload, ts_operator* found);
TS_API int32_t ts_operator_exists(const char* name, const char* overload, int32_t* exists);
TS_API int32_t ts_operator_schema(ts_operator op, char* buffer, int32_t capacity, int32_t* length);
TS_API int32_t ts_operator_call(ts_operator op, const ts_value* arguments, int32_t count, ts_value* results, int32_t capacity, int32_t* returned);

/* tensor.cpp */
TS_API int32_t ts_tensor_new(const void* bytes, int64_t byte_count, int32_t dtype, const int64_t* sizes, int32_t rank, ts_tensor* made);
TS_API int32_t ts_tensor_alias(ts_tensor tensor, ts_tensor* made);
TS_API int32_t ts_tensor_free(ts_tensor tensor);
TS_API int32_t ts_tensor_describe(ts_tensor tensor, ts_tensor_info* info);
TS_API int32_t ts_tensor_read(ts_tensor tensor, void* buffer, int64_t byte_count);
TS_API int32_t ts_tensor_write(ts_tensor tensor, const void* buffer, int64_t byte_count);
TS_API int32_t ts_tensors_live(int64_t* tensors, int64_t* bytes, int64_t* peak_bytes);
TS_API int32_t ts_tensors_reset_peak(void);

/* autograd.cpp */
/* Takes count incoming gradients (null where undefined; the callee owns them), fills result_count handles (null: none). Nonzero: failed, text set. */
typedef int32_t (*ts_backward)(void* context, const ts_tensor* gradients, int32_t count, ts_tensor* results, int32_t result_count);
/* The graph needs the context no more; may come more than once per backward pass and from any thread, last with final = 1. */
typedef void (*ts_release)(void* context, int32_t final);
/* Called after a leaf's gradient was accumulated. */
typedef int32_t (*ts_leaf_hook)(void* context);

TS_API int32_t ts_grad_mode_get(int32_t* enabled);
TS_API int32_t ts_grad_mode_set(int32_t enabled);
TS_API int32_t ts_inference_enter(void** guard);
TS_API int32_t ts_inference_leave(void* guard);
TS_API int32_t ts_requires_grad_set(ts_tensor tensor, int32_t requires_grad);
TS_API int32_t ts_grad_get(ts_tensor tensor, ts_tensor* gradient);
TS_API int32_t ts_grad_set(ts_tensor tensor, ts_tensor gradient);
TS_API int32_t ts_backward_run(const ts_tensor* roots, const ts_tensor* gradients, int32_t count, int32_t retain_graph, int32_t create_graph);
TS_API int32_t ts_gradients(const ts_tensor* outputs, const ts_tensor* gradients, int32_t count, const ts_tensor* inputs, int32_t input_count,
                            int32_t retain_graph, int32_t create_graph, ts_tensor* results);
TS_API int32_t ts_custom_attach(const ts_tensor* inputs, int32_t input_count, const ts_tensor* outputs, int32_t output_count,
                                ts_backward backward, ts_release release, void* context);
TS_API int32_t ts_leaf_hook_add(ts_tensor leaf, ts_leaf_hook hook, ts_release release, void* context, void** keeper);
TS_API int32_t ts_leaf_hook_remove(void* keeper);

/* random.cpp */
TS_API int32_t ts_generator_new(uint64_t seed, ts_generator* made);
TS_API int32_t ts_generator_default(ts_generator* made);
TS_API int32_t ts_generator_free(ts_generator generator);
TS_API int32_t ts_generator_seed(ts_generator generator, uint64_t seed);
TS_API int32_t ts_generator_state_get(ts_generator generator, void* buffer, int64_t capacity, int64_t* length);
TS_API int32_t ts_generator_state_set(ts_generator generator, const void* buffer, int64_t length);
TS_API int32_t ts_generator_draw32(ts_generator generator, uint32_t* number);
TS_API int32_t ts_generator_draw64(ts_generator generator, uint64_t* number);
/* Fills a uint8 tensor with 1 (probability) and 0 by the draws of bernoulli_, and leaves the generator in the state that it would. */
TS_API int32_t ts_generator_keep(ts_generator generator, double probability, ts_tensor mask);

/* kernels.cpp: our own kernels (native/kernels). What each takes stands above it there; null tensors are the optional ones. Tensors lie in one piece on the CPU. */
enum ts_kernel {
    TS_DROP, TS_GELU, TS_GELU_BACK, TS_SWIGLU, TS_SWIGLU_BACK, TS_ROTARY, TS_LAYER_NORM, TS_LAYER_NORM_BACK, TS_RMS_NORM, TS_RMS_NORM_BACK,
    TS_SOFTMAX, TS_SOFTMAX_BACK, TS_CROSS_ENTROPY, TS_ADAMW
};
TS_API int32_t ts_kernel_run(int32_t kernel, const ts_tensor* tensors, int32_t count, const double* numbers, int32_t number_count);
/* Instructions in use and the most that the CPU has: 0 any CPU's, 1 AVX2 and FMA, 2 AVX-512. ATEN_CPU_CAPABILITY (default, avx2) lowers them at the start. */
TS_API int32_t ts_kernel_level(int32_t* used, int32_t* highest);
TS_API int32_t ts_kernel_level_set(int32_t level);

/* device.cpp: the machine and the library. what: 0 libtorch's version, 1 its build settings, 2 the CPU capability it uses, 3 the BLAS in use. */
TS_API int32_t ts_info_text(int32_t what, char* buffer, int32_t capacity, int32_t* length);
TS_API int32_t ts_info_onednn(int32_t* present);
TS_API int32_t ts_threads_get(int32_t* count);
TS_API int32_t ts_threads_set(int32_t count);
TS_API int32_t ts_environment_set(const char* name, const char* value);

#ifdef __cplusplus
}
#endif
#endif
