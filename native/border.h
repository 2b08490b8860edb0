// What every file behind the border shares: the guard that turns exceptions into a status, and handles.
#pragma once
#include "tunesmith.h"

#include <ATen/ATen.h>

#include <atomic>
#include <cstring>
#include <exception>
#include <string>

namespace tunesmith {

int32_t fail(const char* text) noexcept;
int32_t copy_text(const std::string& text, char* buffer, int32_t capacity, int32_t* length);

extern std::atomic<int64_t> live_handles;

// Runs the body of an exported function; whatever it throws becomes text and a nonzero status.
template <typename Body>
int32_t guarded(Body&& body) noexcept {
    try {
        body();
        return 0;
    } catch (const c10::Error& error) {
        return fail(error.what_without_backtrace());
    } catch (const std::exception& error) {
        return fail(error.what());
    } catch (...) {
        return fail("libtorch raised something that is not an exception");
    }
}

// A handle is the TensorImpl itself with one reference: no allocation per handle.
inline ts_tensor give(at::Tensor tensor) {
    if (!tensor.defined()) return nullptr;
    live_handles.fetch_add(1, std::memory_order_relaxed);
    return reinterpret_cast<ts_tensor>(tensor.unsafeReleaseTensorImpl());
}

inline at::Tensor borrow(ts_tensor handle) {
    if (handle == nullptr) return at::Tensor();
    auto* impl = reinterpret_cast<c10::TensorImpl*>(handle);
    return at::Tensor(c10::intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>::reclaim_copy(impl));
}

// Takes over the reference that the handle owned.
inline at::Tensor take(ts_tensor handle) {
    if (handle == nullptr) return at::Tensor();
    live_handles.fetch_sub(1, std::memory_order_relaxed);
    auto* impl = reinterpret_cast<c10::TensorImpl*>(handle);
    return at::Tensor(c10::intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>::reclaim(impl));
}

inline at::Generator& generator_of(ts_generator handle) {
    TORCH_CHECK(handle != nullptr, "generator: got null; expected a generator");
    return *reinterpret_cast<at::Generator*>(handle);
}

}  // namespace tunesmith
