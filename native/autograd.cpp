// Automatic differentiation: running it, and nodes whose backward is the caller's.
#include "border.h"

#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/function_hook.h>
#include <torch/csrc/autograd/functions/utils.h>
#include <torch/csrc/autograd/variable.h>

#include <type_traits>

namespace tunesmith {

using torch::autograd::Node;
using torch::autograd::variable_list;

static variable_list borrow_all(const ts_tensor* handles, int32_t count) {
    variable_list tensors;
    tensors.reserve(static_cast<size_t>(count));
    for (int32_t i = 0; i < count; ++i) tensors.push_back(handles == nullptr ? at::Tensor() : borrow(handles[i]));
    return tensors;
}

static std::string error_text() {
    std::string text(static_cast<size_t>(ts_error_text(nullptr, 0)) + 1, '\0');
    ts_error_text(text.data(), static_cast<int32_t>(text.size()));
    text.pop_back();
    return text;
}

// A node of the graph whose backward is a function pointer and a context.
struct CallerNode : Node {
    ts_backward backward = nullptr;
    ts_release release = nullptr;
    void* context = nullptr;
    int32_t inputs = 0;

    ~CallerNode() override {
        if (release != nullptr) release(context, 1);
    }

    std::string name() const override { return "TunesmithCustom"; }

    void release_variables() override {
        if (release != nullptr) release(context, 0);
    }

    variable_list apply(variable_list&& gradients) override {
        std::vector<ts_tensor> given;
        for (at::Tensor& gradient : gradients) given.push_back(give(std::move(gradient)));
        std::vector<ts_tensor> made(static_cast<size_t>(inputs), nullptr);
        const int32_t status = backward(context, given.data(), static_cast<int32_t>(given.size()), made.data(), inputs);
        variable_list results;
        for (ts_tensor handle : made) results.push_back(take(handle));
        TORCH_CHECK(status == 0, error_text());
        return results;
    }
};

// Nodes became intrusive in a later 2.x, which has no deleteNode: ask the type, not the version, and let the argument find the function.
template <typename T>
static auto make_node() {
    if constexpr (std::is_base_of_v<c10::intrusive_ptr_target, T>) return c10::make_intrusive<T>();
    else return std::shared_ptr<T>(new T(), [](T* node) { deleteNode(node); });
}

struct LeafHook final : torch::autograd::FunctionPostHook {
    LeafHook(ts_leaf_hook hook, ts_release release, void* context) : hook_(hook), release_(release), context_(context) {}
    ~LeafHook() override {
        if (release_ != nullptr) release_(context_, 1);
    }
    variable_list operator()(const variable_list& outputs, const variable_list&) override {
        TORCH_CHECK(hook_(context_) == 0, error_text());
        return outputs;
    }

private:
    ts_leaf_hook hook_;
    ts_release release_;
    void* context_;
};

// The accumulator of a leaf is only weakly known to it: whoever hooks it must hold it.
struct Keeper {
    decltype(torch::autograd::impl::grad_accumulator(std::declval<const at::Tensor&>())) accumulator;
};

}  // namespace tunesmith

using namespace tunesmith;

int32_t ts_grad_mode_get(int32_t* enabled) {
    return guarded([&] { *enabled = c10::GradMode::is_enabled() ? 1 : 0; });
}

int32_t ts_grad_mode_set(int32_t enabled) {
    return guarded([&] { c10::GradMode::set_enabled(enabled != 0); });
}

int32_t ts_inference_enter(void** guard) {
    return guarded([&] { *guard = new c10::InferenceMode(true); });
}

int32_t ts_inference_leave(void* guard) {
    return guarded([&] { delete static_cast<c10::InferenceMode*>(guard); });
}

int32_t ts_requires_grad_set(ts_tensor tensor, int32_t requires_grad) {
    return guarded([&] { borrow(tensor).requires_grad_(requires_grad != 0); });
}

int32_t ts_grad_get(ts_tensor tensor, ts_tensor* gradient) {
    return guarded([&] { *gradient = give(borrow(tensor).grad()); });
}

int32_t ts_grad_set(ts_tensor tensor, ts_tensor gradient) {
    return guarded([&] { borrow(tensor).mutable_grad() = borrow(gradient); });
}

int32_t ts_backward_run(const ts_tensor* roots, const ts_tensor* gradients, int32_t count, int32_t retain_graph, int32_t create_graph) {
    return guarded([&] {
        torch::autograd::backward(borrow_all(roots, count), borrow_all(gradients, count), retain_graph != 0, create_graph != 0);
    });
}

int32_t ts_gradients(const ts_tensor* outputs, const ts_tensor* gradients, int32_t count, const ts_tensor* inputs, int32_t input_count,
                     int32_t retain_graph, int32_t create_graph, ts_tensor* results) {
    return guarded([&] {
        const variable_list made = torch::autograd::grad(borrow_all(outputs, count), borrow_all(inputs, input_count), borrow_all(gradients, count),
                                                         retain_graph != 0, create_graph != 0, /*allow_unused=*/true);
        for (size_t i = 0; i < made.size(); ++i) results[i] = give(made[i]);
    });
}

int32_t ts_custom_attach(const ts_tensor* inputs, int32_t input_count, const ts_tensor* outputs, int32_t output_count,
                         ts_backward backward, ts_release release, void* context) {
    return guarded([&] {
        const variable_list from = borrow_all(inputs, input_count);
        auto node = make_node<CallerNode>();
        node->set_next_edges(torch::autograd::collect_next_edges(from));
        node->inputs = input_count;
        node->backward = backward;
        node->context = context;
        variable_list to = borrow_all(outputs, output_count);
        torch::autograd::set_history(to, node);
        node->release = release;  // only now: a failure above leaves the context with the caller
    });
}

int32_t ts_leaf_hook_add(ts_tensor leaf, ts_leaf_hook hook, ts_release release, void* context, void** keeper) {
    return guarded([&] {
        auto accumulator = torch::autograd::impl::grad_accumulator(borrow(leaf));
        TORCH_CHECK(accumulator, "leaf hook: got a tensor without an accumulator; expected a leaf that requires a gradient");
        accumulator->add_post_hook(std::make_unique<LeafHook>(hook, release, context));
        *keeper = new Keeper{std::move(accumulator)};
    });
}

int32_t ts_leaf_hook_remove(void* keeper) {
    return guarded([&] { delete static_cast<Keeper*>(keeper); });
}
