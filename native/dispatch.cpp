// Any operator of libtorch, called by schema with boxed arguments.
#include "border.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/stack.h>

#include <vector>

namespace tunesmith {

// What an argument's schema type asks of the conversion; looked up once per operator.
enum class Kind { plain, floating, tensor_list, optional_tensor_list, int_list, double_list, bool_list };

struct Operator {
    c10::OperatorHandle handle;
    std::vector<Kind> kinds;
};

static c10::TypePtr without_optional(const c10::TypePtr& type) {
    if (type->kind() != c10::TypeKind::OptionalType) return type;
    return type->containedTypes().at(0);
}

static Kind kind_of(const c10::TypePtr& declared) {
    const c10::TypePtr type = without_optional(declared);
    if (type->kind() == c10::TypeKind::FloatType) return Kind::floating;
    if (type->kind() != c10::TypeKind::ListType) return Kind::plain;
    const c10::TypePtr element = type->containedTypes().at(0);
    switch (element->kind()) {
        case c10::TypeKind::TensorType: return Kind::tensor_list;
        case c10::TypeKind::OptionalType: return Kind::optional_tensor_list;
        case c10::TypeKind::FloatType: return Kind::double_list;
        case c10::TypeKind::NumberType: return Kind::double_list;
        case c10::TypeKind::BoolType: return Kind::bool_list;
        default: return Kind::int_list;
    }
}

static c10::IValue tensors_in(const ts_value& value, Kind kind) {
    const auto* handles = static_cast<const ts_tensor*>(value.v.p);
    if (kind == Kind::optional_tensor_list) {
        c10::List<c10::optional<at::Tensor>> list;
        list.reserve(value.count);
        for (int32_t i = 0; i < value.count; ++i) {
            if (handles[i] == nullptr) list.push_back(c10::optional<at::Tensor>());
            else list.push_back(c10::optional<at::Tensor>(borrow(handles[i])));
        }
        return list;
    }
    c10::List<at::Tensor> list;
    list.reserve(value.count);
    for (int32_t i = 0; i < value.count; ++i) list.push_back(borrow(handles[i]));
    return list;
}

static c10::IValue device_in(int64_t code) {
    const auto index = static_cast<c10::DeviceIndex>((code & 255) - 1);
    return c10::Device(static_cast<c10::DeviceType>(code >> 8), index);
}

static c10::IValue value_in(const ts_value& value, Kind kind, const c10::Argument& argument) {
    switch (value.tag) {
        case TS_NONE: return c10::IValue();
        case TS_TENSOR: return borrow(static_cast<ts_tensor>(value.v.p));
        case TS_INT: return kind == Kind::floating ? c10::IValue(static_cast<double>(value.v.i)) : c10::IValue(value.v.i);
        case TS_DOUBLE: return value.v.d;
        case TS_BOOL: return value.v.i != 0;
        case TS_INT_LIST: {
            const auto* first = static_cast<const int64_t*>(value.v.p);
            if (kind == Kind::double_list) return std::vector<double>(first, first + value.count);
            return c10::IntArrayRef(first, static_cast<size_t>(value.count));
        }
        case TS_TENSOR_LIST: return tensors_in(value, kind);
        case TS_STRING: return std::string(static_cast<const char*>(value.v.p), static_cast<size_t>(value.count));
        case TS_DTYPE: return value.v.i;
        case TS_DEVICE: return device_in(value.v.i);
        case TS_GENERATOR: return generator_of(static_cast<ts_generator>(value.v.p));
        case TS_DOUBLE_LIST: {
            const auto* first = static_cast<const double*>(value.v.p);
            return std::vector<double>(first, first + value.count);
        }
        case TS_BOOL_LIST: {
            c10::List<bool> list;
            const auto* first = static_cast<const uint8_t*>(value.v.p);
            for (int32_t i = 0; i < value.count; ++i) list.push_back(first[i] != 0);
            return list;
        }
        case TS_DEFAULT:
            TORCH_CHECK(argument.default_value().has_value(), "argument ", argument.name(), ": got nothing; expected a value, for it has no default");
            return *argument.default_value();
        default:
            TORCH_CHECK(false, "argument ", argument.name(), ": got the tag ", value.tag, "; expected one of tunesmith.h");
    }
}

// Lists that a call returned, kept until the next call of this thread.
struct ReturnedLists {
    std::vector<std::vector<ts_tensor>> tensors;
    std::vector<std::vector<int64_t>> ints;
    std::vector<std::vector<double>> doubles;
    std::vector<std::string> texts;
};
static thread_local ReturnedLists returned_lists;

static ts_value list_out(int32_t tag, void* first, size_t count) {
    ts_value value{};
    value.tag = tag;
    value.count = static_cast<int32_t>(count);
    value.v.p = first;
    return value;
}

static ts_value value_out(c10::IValue&& result) {
    ts_value value{};
    if (result.isTensor()) {
        value.tag = TS_TENSOR;
        value.v.p = give(std::move(result).toTensor());
        if (value.v.p == nullptr) value.tag = TS_NONE;
    } else if (result.isInt()) {
        value.tag = TS_INT;
        value.v.i = result.toInt();
    } else if (result.isDouble()) {
        value.tag = TS_DOUBLE;
        value.v.d = result.toDouble();
    } else if (result.isBool()) {
        value.tag = TS_BOOL;
        value.v.i = result.toBool() ? 1 : 0;
    } else if (result.isTensorList()) {
        auto& kept = returned_lists.tensors.emplace_back();
        for (const at::Tensor& tensor : result.toTensorVector()) kept.push_back(give(tensor));
        value = list_out(TS_TENSOR_LIST, kept.data(), kept.size());
    } else if (result.isIntList()) {
        auto& kept = returned_lists.ints.emplace_back(result.toIntVector());
        value = list_out(TS_INT_LIST, kept.data(), kept.size());
    } else if (result.isDoubleList()) {
        auto& kept = returned_lists.doubles.emplace_back(result.toDoubleVector());
        value = list_out(TS_DOUBLE_LIST, kept.data(), kept.size());
    } else if (result.isString()) {
        auto& kept = returned_lists.texts.emplace_back(result.toStringRef());
        value = list_out(TS_STRING, kept.data(), kept.size());
    } else {
        TORCH_CHECK(result.isNone(), "result: got ", result.tagKind(), "; expected a kind of value that can cross the border");
    }
    return value;
}

static void clear_returned() {
    auto& lists = returned_lists;
    if (!lists.tensors.empty()) lists.tensors.clear();
    if (!lists.ints.empty()) lists.ints.clear();
    if (!lists.doubles.empty()) lists.doubles.clear();
    if (!lists.texts.empty()) lists.texts.clear();
}

static Operator& operator_of(ts_operator op) {
    TORCH_CHECK(op != nullptr, "operator: got null; expected what ts_operator_find gave");
    return *reinterpret_cast<Operator*>(op);
}

}  // namespace tunesmith

using namespace tunesmith;

int32_t ts_operator_find(const char* name, const char* overload, ts_operator* found) {
    return guarded([&] {
        auto made = std::make_unique<Operator>(Operator{c10::Dispatcher::singleton().findSchemaOrThrow(name, overload), {}});
        for (const c10::Argument& argument : made->handle.schema().arguments()) made->kinds.push_back(kind_of(argument.type()));
        *found = reinterpret_cast<ts_operator>(made.release());  // lives as long as the process, like the schema
    });
}

int32_t ts_operator_exists(const char* name, const char* overload, int32_t* exists) {
    return guarded([&] { *exists = c10::Dispatcher::singleton().findSchema(c10::OperatorName(name, overload)).has_value() ? 1 : 0; });
}

int32_t ts_operator_schema(ts_operator op, char* buffer, int32_t capacity, int32_t* length) {
    return guarded([&] { copy_text(c10::toString(operator_of(op).handle.schema()), buffer, capacity, length); });
}

int32_t ts_operator_call(ts_operator op, const ts_value* arguments, int32_t count, ts_value* results, int32_t capacity, int32_t* returned) {
    return guarded([&] {
        Operator& target = operator_of(op);
        const auto& declared = target.handle.schema().arguments();
        const auto wanted = static_cast<int32_t>(declared.size());
        TORCH_CHECK(count <= wanted, target.handle.schema().name(), ": got ", count, " arguments; expected at most ", wanted);
        torch::jit::Stack stack;
        stack.reserve(static_cast<size_t>(wanted));
        const ts_value missing{TS_DEFAULT, 0, {0}};
        for (int32_t i = 0; i < wanted; ++i) {
            const auto at = static_cast<size_t>(i);
            stack.push_back(value_in(i < count ? arguments[i] : missing, target.kinds[at], declared[at]));
        }
        target.handle.callBoxed(&stack);
        clear_returned();
        if (capacity == 0) {  // in-place operators: the caller has the tensor already
            *returned = 0;
            return;
        }
        TORCH_CHECK(stack.size() <= static_cast<size_t>(capacity), target.handle.schema().name(), ": returns ", stack.size(), " values; there is room for ", capacity);
        *returned = static_cast<int32_t>(stack.size());
        for (size_t i = 0; i < stack.size(); ++i) results[i] = value_out(std::move(stack[i]));
    });
}
