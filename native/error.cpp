// Errors cross the border as a status and the text of this thread.
#include "tunesmith.h"

#include <algorithm>
#include <cstring>
#include <string>

namespace tunesmith {

static thread_local std::string last_error;

int32_t fail(const char* text) noexcept {
    try {
        last_error = text;
    } catch (...) {
        last_error.clear();
    }
    return 1;
}

// Copies what fits with a closing zero; length is that of the whole text, so that a caller can come again with more room.
int32_t copy_text(const std::string& text, char* buffer, int32_t capacity, int32_t* length) {
    if (length != nullptr) *length = static_cast<int32_t>(text.size());
    if (buffer != nullptr && capacity > 0) {
        const size_t fits = std::min(text.size(), static_cast<size_t>(capacity - 1));
        std::memcpy(buffer, text.data(), fits);
        buffer[fits] = '\0';
    }
    return 0;
}

}  // namespace tunesmith

int32_t ts_error_text(char* buffer, int32_t capacity) {
    int32_t length = 0;
    tunesmith::copy_text(tunesmith::last_error, buffer, capacity, &length);
    return length;
}

void ts_error_set(const char* text, int32_t length) {
    try {
        tunesmith::last_error.assign(text, static_cast<size_t>(length));
    } catch (...) {
        tunesmith::last_error.clear();
    }
}
