// Generators of random numbers: libtorch's CPU generator (MT19937), its state and its raw draws.
#include "border.h"
#include "kernels/kernels.h"

#include <ATen/CPUGeneratorImpl.h>

#include <cmath>

namespace tunesmith {

// The Bernoulli draws of torch's CPU: the low 53 bits of two numbers, the first one high, are the digits of a number in [0, 1). A whole state is tempered at
// a time; what is over at the end stays in the generator, by its count of numbers left.
static void draw_mask(at::CPUGeneratorImpl& source, double probability, uint8_t* mask, int64_t count) {
    constexpr int size = at::MERSENNE_STATE_N;
    if (count == 0) return;
    at::mt19937 engine = source.engine();
    at::mt19937_data_pod data = engine.data();
    uint32_t draws[size + 1];  // one may be over from the state before
    int have = data.left_ - 1;
    for (int i = 0; i < have; ++i) {
        uint32_t y = data.state_[data.next_ + static_cast<uint32_t>(i)];
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c5680u;
        y ^= (y << 15) & 0xefc60000u;
        y ^= y >> 18;
        draws[i] = y;
    }
    const auto threshold = static_cast<uint64_t>(std::ceil(std::ldexp(probability, 53)));
    for (;;) {
        const int64_t pairs = std::min<int64_t>(count, have / 2);
        kernels().keep(draws, mask, pairs, threshold);
        mask += pairs;
        count -= pairs;
        have -= static_cast<int>(2 * pairs);
        if (count == 0) break;
        const int over = have;  // 0 or 1
        if (over == 1) draws[0] = draws[2 * pairs];
        kernels().twist(data.state_.data(), draws + over);
        have = over + size;
    }
    data.left_ = have + 1;
    data.next_ = static_cast<uint32_t>(size - have);
    engine.set_data(data);
    source.set_engine(engine);
}

}  // namespace tunesmith

using namespace tunesmith;

static ts_generator give_generator(at::Generator generator) {
    return reinterpret_cast<ts_generator>(new at::Generator(std::move(generator)));
}

int32_t ts_generator_new(uint64_t seed, ts_generator* made) {
    return guarded([&] { *made = give_generator(at::detail::createCPUGenerator(seed)); });
}

int32_t ts_generator_default(ts_generator* made) {
    return guarded([&] { *made = give_generator(at::detail::getDefaultCPUGenerator()); });
}

int32_t ts_generator_free(ts_generator generator) {
    return guarded([&] { delete &generator_of(generator); });
}

int32_t ts_generator_seed(ts_generator generator, uint64_t seed) {
    return guarded([&] {
        at::Generator& source = generator_of(generator);
        const std::lock_guard<std::mutex> lock(source.mutex());
        source.set_current_seed(seed);
    });
}

int32_t ts_generator_state_get(ts_generator generator, void* buffer, int64_t capacity, int64_t* length) {
    return guarded([&] {
        at::Generator& source = generator_of(generator);
        const std::lock_guard<std::mutex> lock(source.mutex());
        const at::Tensor state = source.get_state();
        *length = static_cast<int64_t>(state.nbytes());
        if (*length <= capacity) std::memcpy(buffer, state.data_ptr(), static_cast<size_t>(*length));
    });
}

int32_t ts_generator_state_set(ts_generator generator, const void* buffer, int64_t length) {
    return guarded([&] {
        at::Generator& source = generator_of(generator);
        const at::Tensor state = at::empty({length}, at::TensorOptions().dtype(at::kByte));
        std::memcpy(state.data_ptr(), buffer, static_cast<size_t>(length));
        const std::lock_guard<std::mutex> lock(source.mutex());
        source.set_state(state);
    });
}

int32_t ts_generator_draw32(ts_generator generator, uint32_t* number) {
    return guarded([&] {
        at::Generator& source = generator_of(generator);
        const std::lock_guard<std::mutex> lock(source.mutex());
        *number = at::check_generator<at::CPUGeneratorImpl>(source)->random();
    });
}

int32_t ts_generator_draw64(ts_generator generator, uint64_t* number) {
    return guarded([&] {
        at::Generator& source = generator_of(generator);
        const std::lock_guard<std::mutex> lock(source.mutex());
        *number = at::check_generator<at::CPUGeneratorImpl>(source)->random64();
    });
}

int32_t ts_generator_keep(ts_generator generator, double probability, ts_tensor mask) {
    return guarded([&] {
        TORCH_CHECK(probability >= 0 && probability <= 1, "bernoulli: got the probability ", probability, "; expected 0 to 1");
        const at::Tensor target = borrow(mask);
        TORCH_CHECK(target.scalar_type() == at::kByte && target.is_contiguous() && target.device().is_cpu(), "bernoulli: got ", target.scalar_type(), "; expected bytes in one piece");
        at::Generator& source = generator_of(generator);
        const std::lock_guard<std::mutex> lock(source.mutex());
        draw_mask(*at::check_generator<at::CPUGeneratorImpl>(source), probability, static_cast<uint8_t*>(target.data_ptr()), target.numel());
    });
}
