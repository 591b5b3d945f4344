#include "siliconbert/formats/format.hpp"

#include <limits>

#include "siliconbert/base/ceil_divide.hpp"
#include "siliconbert/base/check.hpp"

namespace siliconbert {

namespace {

template <class Coder>
class Coders : public Decoder::Each {
 public:
    explicit Coders(std::vector<Coder> coders) : coders_(std::move(coders)) {}
    float decode(std::size_t set, std::uint32_t code) const override { return coders_[set].decode(code); }

 private:
    std::vector<Coder> coders_;
};

}  // namespace

const std::vector<std::string>& sharing_names() {
    static const std::vector<std::string> names{"tensor", "row", "group"};
    return names;
}

void check(const Format& format) {
    std::visit([](const auto& family) { check(family); }, format.family);
    const bool grouped = format.sharing == Sharing::group;
    require(grouped == (format.group != 0), "Format: group must be ",
            grouped ? "at least 1" : "None where parameters are not per group", ", got ", format.group);
}

void check_parameters(const Format& format, std::size_t elements, std::size_t columns, const char* function) {
    const std::size_t size = parameter_bytes(format);
    if (size == 0) return;
    const std::size_t sets = Sets(format, columns).count(elements);
    require(format.parameters.size() == sets * size, function, ": fmt must hold parameters for x's ", sets,
            " sets (", size, " bytes each), got ", format.parameters.size(), " bytes");
}

int width(const Format& format) {
    return std::visit([](const auto& family) { return width(family); }, format.family);
}

std::size_t parameter_bytes(const Format& format) {
    return std::visit([](const auto& family) { return parameter_bytes(family); }, format.family);
}

Bytes bytes_of(const Format& format, std::size_t set) {
    const std::size_t size = parameter_bytes(format);
    return {format.parameters.data() + set * size, size};
}

Sets::Sets(const Format& format, std::size_t columns)
    : columns_(std::max<std::size_t>(1, columns)), size_(0), per_row_(0) {
    if (format.sharing == Sharing::tensor) return;
    size_ = format.sharing == Sharing::row ? columns_ : std::min(format.group, columns_);
    per_row_ = ceil_divide(columns_, size_);
}

std::size_t Sets::end(std::size_t element) const {
    if (size_ == 0) return std::numeric_limits<std::size_t>::max();
    const std::size_t column = element % columns_;
    return element - column + std::min(columns_, (column / size_ + 1) * size_);
}

std::size_t Sets::count(std::size_t elements) const {
    if (size_ == 0) return 1;
    require(elements % columns_ == 0, "Format: x must have whole rows of ", columns_, " values, got ",
            elements);
    return elements / columns_ * per_row_;
}

Decoder::Decoder(const Format& format, std::size_t columns) : sets_(format, columns) {
    if (format.sharing == Sharing::tensor || parameter_bytes(format) == 0) {
        table_ = values_of_codes(format);
        return;
    }
    const std::size_t count = format.parameters.size() / parameter_bytes(format);
    std::visit(
        [&](const auto& family) {
            std::vector<decltype(coder(family, Bytes{}))> coders;
            coders.reserve(count);
            for (std::size_t set = 0; set < count; ++set)
                coders.push_back(coder(family, bytes_of(format, set)));
            each_ = std::make_shared<Coders<decltype(coder(family, Bytes{}))>>(std::move(coders));
        },
        format.family);
}

std::vector<float> values_of_codes(const Format& format, std::size_t set) {
    const std::size_t size = parameter_bytes(format);
    require(size == 0 || (set + 1) * size <= format.parameters.size(),
            "values: set must be one of the fitted ones, got ", set);
    std::vector<float> values(std::size_t{1} << width(format));
    std::visit(
        [&](const auto& family) {
            const auto with = coder(family, size == 0 ? Bytes{} : bytes_of(format, set));
            for (std::size_t code = 0; code < values.size(); ++code) {
                values[code] = with.decode(static_cast<std::uint32_t>(code));
            }
        },
        format.family);
    return values;
}

Fields fields(const Format& format) {
    return std::visit([](const auto& family) { return fields(family); }, format.family);
}

std::vector<int> bit_order(const Format& format) {
    std::vector<int> order;
    const Fields bits = fields(format);
    for (const char* field : {"sign", "mantissa", "exponent"}) {
        const auto found = bits.find(field);
        if (found != bits.end()) order.insert(order.end(), found->second.begin(), found->second.end());
    }
    return order;
}

Codes parameters(const Format& format) {
    Codes codes(8, format.parameters.size());
    for (std::size_t i = 0; i < codes.count(); ++i) codes.set(i, format.parameters[i]);
    return codes;
}

Format with_parameters(Format format, const Codes& codes) {
    const std::size_t size = parameter_bytes(format);
    const bool whole = size == 0 ? codes.count() == 0 : codes.count() % size == 0;
    const bool one = format.sharing != Sharing::tensor || codes.count() == size;
    require(codes.width() == 8 && whole && one, "with_parameters: codes must be sets of ", size,
            " bytes, got ", codes.count(), " of ", codes.width(), " bits");
    format.parameters.resize(codes.count());
    for (std::size_t i = 0; i < codes.count(); ++i) {
        format.parameters[i] = static_cast<std::uint8_t>(codes.at(i));
    }
    return format;
}

}  // namespace siliconbert
