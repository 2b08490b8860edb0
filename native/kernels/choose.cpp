// Which table of kernels runs: decided by what the CPU has when the program runs, and lowered by the variable that lowers libtorch's own.
#include "kernels.h"

#include <atomic>
#include <cstdlib>
#include <cstring>

namespace tunesmith {

static Level of_machine() {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("fma"))
        return Level::Avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return Level::Avx2;
#endif
    return Level::Baseline;
}

Level highest_level() {
    static const Level highest = of_machine();
    return highest;
}

static Level wanted() {
    const char* named = std::getenv("ATEN_CPU_CAPABILITY");
    if (named != nullptr && std::strcmp(named, "default") == 0) return Level::Baseline;
    if (named != nullptr && std::strcmp(named, "avx2") == 0 && highest_level() > Level::Avx2) return Level::Avx2;
    return highest_level();
}

static std::atomic<Level>& current() {
    static std::atomic<Level> chosen{wanted()};
    return chosen;
}

Level level() { return current().load(std::memory_order_relaxed); }

void set_level(Level level) { current().store(level > highest_level() ? highest_level() : level, std::memory_order_relaxed); }

const Kernels& kernels() {
    switch (level()) {
#if defined(__x86_64__)
        case Level::Avx512: return avx512_kernels;
        case Level::Avx2: return avx2_kernels;
#endif
        default: return baseline_kernels;
    }
}

}  // namespace tunesmith
