// MT19937 (Matsumoto and Nishimura 1998), a whole state at a time.
#pragma once
#include "maths.h"

namespace tunesmith {
namespace {

constexpr int state_size = 624, middle = 397;

TUNESMITH_INLINE uint32_t twisted(uint32_t u, uint32_t v) {
    return (((u & 0x80000000u) | (v & 0x7fffffffu)) >> 1) ^ ((0u - (v & 1u)) & 0x9908b0dfu);
}

void twist(uint32_t* state, uint32_t* __restrict tempered) {
    // Each loop reads ahead of what it writes, or 227 behind: any vector fits between.
#pragma GCC ivdep
    for (int j = 0; j < state_size - middle; ++j) state[j] = state[j + middle] ^ twisted(state[j], state[j + 1]);
    // In pieces no longer than that distance, so that no piece reads what it writes.
    for (int from = state_size - middle; from < state_size - 1; from += state_size - middle) {
        const int to = from + state_size - middle < state_size - 1 ? from + state_size - middle : state_size - 1;
#pragma GCC ivdep
        for (int j = from; j < to; ++j) state[j] = state[j - (state_size - middle)] ^ twisted(state[j], state[j + 1]);
    }
    state[state_size - 1] = state[middle - 1] ^ twisted(state[state_size - 1], state[0]);
    for (int j = 0; j < state_size; ++j) {
        uint32_t y = state[j];
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c5680u;
        y ^= (y << 15) & 0xefc60000u;
        y ^= y >> 18;
        tempered[j] = y;
    }
}

// 1 where the 53 low bits of a pair (first draw high) lie below the threshold.
void keep(const uint32_t* __restrict draws, uint8_t* __restrict mask, int64_t count, uint64_t threshold) {
    const int32_t high = static_cast<int32_t>(threshold >> 32);
    const int32_t low = static_cast<int32_t>(static_cast<uint32_t>(threshold) ^ 0x80000000u);
    for (int64_t i = 0; i < count; ++i) {
        const int32_t h = static_cast<int32_t>(draws[2 * i] & 0x1fffffu);
        const int32_t l = static_cast<int32_t>(draws[2 * i + 1] ^ 0x80000000u);
        mask[i] = static_cast<uint8_t>((h < high ? 1 : 0) | ((h == high ? 1 : 0) & (l < low ? 1 : 0)));
    }
}

}  // namespace
}  // namespace tunesmith
