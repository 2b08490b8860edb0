// Generators of random numbers: libtorch's CPU generator (MT19937), its state and its raw draws.
#include "border.h"

#include <ATen/CPUGeneratorImpl.h>

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
