// Argument checks at the public door: one sentence with function, argument, what was expected and what came.
#pragma once

#include <cmath>
#include <cstddef>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string>

namespace siliconbert {

template <class... Parts>
std::string say(const Parts&... parts) {
    std::ostringstream text;
    (text << ... << parts);
    return text.str();
}

// Throws std::invalid_argument (ValueError in Python) with all parts joined, unless `good` holds.
template <class... Parts>
void require(bool good, const Parts&... parts) {
    if (!good) throw std::invalid_argument(say(parts...));
}

// Throws where a value is NaN or infinite; names its position.
inline void require_finite(std::span<const float> values, const char* function, const char* argument) {
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (!std::isfinite(values[i])) {
            throw std::invalid_argument(
                say(function, ": ", argument, " must be finite, got ", values[i], " at position ", i));
        }
    }
}

}  // namespace siliconbert
