// The machine and the library: versions, BLAS, threads, and an allocator that counts the bytes alive.
#include "border.h"

#include <ATen/Parallel.h>
#include <ATen/Context.h>
#include <ATen/Version.h>
#include <c10/core/CPUAllocator.h>
#include <torch/version.h>

#include <dlfcn.h>

#include <cstdlib>
#include <new>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1 // clang says it this way
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(start, bytes)
#define ASAN_UNPOISON_MEMORY_REGION(start, bytes)
#endif

namespace tunesmith {

static std::atomic<int64_t> live_bytes{0};
static std::atomic<int64_t> peak_bytes{0};
static constexpr size_t alignment = 64;

struct Header {
    size_t bytes;
    void* block;
};

// Every block carries its size in the bytes before it, so that a bare pointer is enough to free and to count it. Plain malloc and alignment by hand: an aligned
// allocation of glibc does not fit into the hole that one of the same size has left, and the heap grows with every step.
static void* allocate_counted(size_t bytes) {
    void* block = bytes > SIZE_MAX - 2 * alignment ? nullptr : std::malloc(bytes + 2 * alignment);
    if (block == nullptr) TORCH_CHECK(false, "memory: could not get ", bytes, " bytes. Use a smaller batch or sequence length, or gradient checkpointing.");
    char* data = reinterpret_cast<char*>((reinterpret_cast<uintptr_t>(block) + 2 * alignment - 1) / alignment * alignment);
    *reinterpret_cast<Header*>(data - alignment) = Header{bytes, block};
    // To the sanitizer, header and padding are a part of the block: without this it sees nobody step into them.
    ASAN_POISON_MEMORY_REGION(block, data - static_cast<char*>(block));
    ASAN_POISON_MEMORY_REGION(data + bytes, static_cast<char*>(block) + 2 * alignment - data);
    const int64_t now = live_bytes.fetch_add(static_cast<int64_t>(bytes), std::memory_order_relaxed) + static_cast<int64_t>(bytes);
    int64_t peak = peak_bytes.load(std::memory_order_relaxed);
    while (now > peak && !peak_bytes.compare_exchange_weak(peak, now, std::memory_order_relaxed)) {
    }
    return data;
}

static void free_counted(void* data) {
    if (data == nullptr) return;
    ASAN_UNPOISON_MEMORY_REGION(static_cast<char*>(data) - alignment, sizeof(Header));
    const Header header = *reinterpret_cast<Header*>(static_cast<char*>(data) - alignment);
    live_bytes.fetch_sub(static_cast<int64_t>(header.bytes), std::memory_order_relaxed);
    std::free(header.block);
}

// libtorch 1.13 declares allocate as const and has no copy_data; 2.x the other way round: each finds its own here.
struct CountingAllocator final : c10::Allocator {
    c10::DataPtr allocate(size_t bytes) const { return make(bytes); }
    c10::DataPtr allocate(size_t bytes) { return make(bytes); }
    c10::DeleterFnPtr raw_deleter() const override { return &free_counted; }
    void copy_data(void* to, const void* from, size_t bytes) const { std::memcpy(to, from, bytes); }

private:
    static c10::DataPtr make(size_t bytes) {
        void* data = bytes == 0 ? nullptr : allocate_counted(bytes);
        return {data, data, &free_counted, c10::Device(c10::DeviceType::CPU)};
    }
};

static CountingAllocator counting_allocator;

// Before any tensor exists: the library is loaded before the first call.
static const bool allocator_is_set = [] {
    c10::SetCPUAllocator(&counting_allocator, 1);
    return true;
}();

static std::string blas_name() {
    using Text = char* (*)();
    const auto config = reinterpret_cast<Text>(dlsym(RTLD_DEFAULT, "openblas_get_config"));
    const auto core = reinterpret_cast<Text>(dlsym(RTLD_DEFAULT, "openblas_get_corename"));
    if (config != nullptr) return std::string(config()) + (core != nullptr ? std::string(" core ") + core() : std::string());
    if (at::show_config().find("Intel(R) oneAPI Math Kernel Library") != std::string::npos || at::show_config().find("Intel(R) Math Kernel Library") != std::string::npos)
        return "MKL";
    if (dlsym(RTLD_DEFAULT, "bli_info_get_version_str") != nullptr) return "BLIS";
    return "reference BLAS (slow)";
}

// 1.13 says which vectorised kernels it takes only in its description.
static std::string capability() {
    const std::string text = at::show_config();
    const std::string key = "CPU capability usage: ";
    const size_t at = text.find(key);
    if (at == std::string::npos) return "unknown";
    const size_t from = at + key.size();
    return text.substr(from, text.find_first_of("\n,", from) - from);
}

}  // namespace tunesmith

using namespace tunesmith;

int32_t ts_tensors_live(int64_t* tensors, int64_t* bytes, int64_t* peak) {
    return guarded([&] {
        *tensors = live_handles.load();
        *bytes = live_bytes.load();
        *peak = peak_bytes.load();
    });
}

int32_t ts_tensors_reset_peak(void) {
    return guarded([] { peak_bytes.store(live_bytes.load()); });
}

int32_t ts_info_text(int32_t what, char* buffer, int32_t capacity, int32_t* length) {
    return guarded([&] {
        switch (what) {
            case 0: copy_text(TORCH_VERSION, buffer, capacity, length); break;
            case 1: copy_text(at::show_config(), buffer, capacity, length); break;
            case 2: copy_text(tunesmith::capability(), buffer, capacity, length); break;
            case 3: copy_text(blas_name(), buffer, capacity, length); break;
            default: TORCH_CHECK(false, "info: got ", what, "; expected 0 to 3");
        }
    });
}

int32_t ts_info_onednn(int32_t* present) {
    return guarded([&] { *present = at::globalContext().hasMKLDNN() ? 1 : 0; });
}

int32_t ts_threads_get(int32_t* count) {
    return guarded([&] { *count = at::get_num_threads(); });
}

int32_t ts_threads_set(int32_t count) {
    return guarded([&] { at::set_num_threads(count); });
}

int32_t ts_environment_set(const char* name, const char* value) {
    return guarded([&] { TORCH_CHECK(setenv(name, value, 1) == 0, "environment: could not set ", name); });
}
