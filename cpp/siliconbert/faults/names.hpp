// Dotted names of regions and places: "values" also means its parts "values.sign", "values.exponent", ...
#pragma once

#include <string_view>

namespace siliconbert {

// Whether `pattern` names `name`, or a whole that `name` is a part of; "*" stands for any one part.
inline bool names_part(std::string_view pattern, std::string_view name) {
    const std::size_t pattern_dot = pattern.find('.');
    const std::size_t name_dot = name.find('.');
    const std::string_view wanted = pattern.substr(0, pattern_dot);
    if (wanted != "*" && wanted != name.substr(0, name_dot)) return false;
    if (pattern_dot == std::string_view::npos) return true;
    if (name_dot == std::string_view::npos) return false;
    return names_part(pattern.substr(pattern_dot + 1), name.substr(name_dot + 1));
}

}  // namespace siliconbert
