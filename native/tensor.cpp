// The life of a tensor handle, and its bytes.
#include "border.h"

#include <ATen/core/grad_mode.h>

namespace tunesmith {

std::atomic<int64_t> live_handles{0};

}  // namespace tunesmith

using namespace tunesmith;

int32_t ts_tensor_new(const void* bytes, int64_t byte_count, int32_t dtype, const int64_t* sizes, int32_t rank, ts_tensor* made) {
    return guarded([&] {
        const at::IntArrayRef shape(sizes, static_cast<size_t>(rank));
        at::Tensor tensor = at::empty(shape, at::TensorOptions().dtype(static_cast<at::ScalarType>(dtype)));
        const auto wanted = static_cast<int64_t>(tensor.nbytes());
        TORCH_CHECK(wanted == byte_count, "data: got ", byte_count, " bytes; expected ", wanted, " for the shape ", shape, " of ", tensor.dtype());
        if (byte_count > 0) std::memcpy(tensor.data_ptr(), bytes, static_cast<size_t>(byte_count));
        *made = give(std::move(tensor));
    });
}

int32_t ts_tensor_alias(ts_tensor tensor, ts_tensor* made) {
    return guarded([&] { *made = give(borrow(tensor)); });
}

int32_t ts_tensor_free(ts_tensor tensor) {
    return guarded([&] { take(tensor); });
}

int32_t ts_tensor_describe(ts_tensor handle, ts_tensor_info* info) {
    return guarded([&] {
        const at::Tensor tensor = borrow(handle);
        info->count = tensor.numel();
        info->bytes = static_cast<int64_t>(tensor.nbytes());
        info->sizes = tensor.sizes().data();
        info->strides = tensor.strides().data();
        info->data = info->count == 0 ? nullptr : tensor.data_ptr();
        info->rank = static_cast<int32_t>(tensor.dim());
        info->dtype = static_cast<int32_t>(tensor.scalar_type());
        info->contiguous = tensor.is_contiguous() ? 1 : 0;
        info->requires_grad = tensor.requires_grad() ? 1 : 0;
        info->leaf = tensor.is_leaf() ? 1 : 0;
        info->device = static_cast<int32_t>(tensor.device().type()) * 256 + tensor.device().index() + 1;
    });
}

int32_t ts_tensor_read(ts_tensor handle, void* buffer, int64_t byte_count) {
    return guarded([&] {
        const at::Tensor tensor = borrow(handle).detach().contiguous();
        const auto bytes = static_cast<int64_t>(tensor.nbytes());
        TORCH_CHECK(bytes == byte_count, "copy out: got room for ", byte_count, " bytes; expected ", bytes, " for the shape ", tensor.sizes());
        if (bytes > 0) std::memcpy(buffer, tensor.data_ptr(), static_cast<size_t>(bytes));
    });
}

int32_t ts_tensor_write(ts_tensor handle, const void* buffer, int64_t byte_count) {
    return guarded([&] {
        const at::Tensor tensor = borrow(handle).detach();
        const auto bytes = static_cast<int64_t>(tensor.nbytes());
        TORCH_CHECK(bytes == byte_count, "copy in: got ", byte_count, " bytes; expected ", bytes, " for the shape ", tensor.sizes());
        if (bytes == 0) return;
        if (tensor.is_contiguous()) {
            std::memcpy(tensor.data_ptr(), buffer, static_cast<size_t>(bytes));
            return;
        }
        const at::Tensor staged = at::empty(tensor.sizes(), tensor.options());
        std::memcpy(staged.data_ptr(), buffer, static_cast<size_t>(bytes));
        const at::NoGradGuard no_grad;
        tensor.copy_(staged);
    });
}
