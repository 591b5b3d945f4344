#include "siliconbert/storage/hamming.hpp"

#include <bit>

#include "siliconbert/base/check.hpp"

namespace siliconbert {

namespace {

std::uint32_t parity(std::uint64_t bits) { return static_cast<std::uint32_t>(std::popcount(bits) & 1); }

}  // namespace

EccCode::EccCode(std::string name, int data_bits, int check_bits)
    : name_(std::move(name)), data_bits_(data_bits), check_bits_(check_bits) {
    const std::uint32_t top = 1U << (check_bits - 1);
    std::uint32_t position = 0;
    for (int d = 0; d < data_bits; ++d) {
        if (check_bits > 1) {
            do ++position;
            while (std::has_single_bit(position));
        }
        columns_.push_back(position | top);
    }
    for (int i = 0; i < check_bits; ++i) columns_.push_back(1U << i | top);
    blamed_.fill(-1);
    for (int bit = 0; bit < data_bits + check_bits; ++bit) {
        if (check_bits > 1) blamed_[column(bit)] = static_cast<std::int8_t>(bit);
        for (int i = 0; i < check_bits && bit < data_bits; ++i) {
            masks_[static_cast<std::size_t>(i)] |= std::uint64_t{column(bit) >> i & 1U} << bit;
        }
    }
}

std::uint32_t EccCode::check_of(std::uint64_t data) const {
    std::uint32_t check = 0;
    for (int i = 0; i < check_bits_; ++i) check |= parity(data & masks_[static_cast<std::size_t>(i)]) << i;
    // The highest check bit counts the others too.
    const std::uint32_t top = 1U << (check_bits_ - 1);
    return check ^ (parity(check & (top - 1)) != 0 ? top : 0);
}

std::uint32_t EccCode::syndrome(std::uint64_t data, std::uint32_t check) const {
    const std::uint32_t difference = check_of(data) ^ check;
    const std::uint32_t top = 1U << (check_bits_ - 1);
    return (difference & (top - 1)) | (parity(difference) != 0 ? top : 0);
}

std::optional<int> EccCode::wrong_bit(std::uint32_t syndrome) const {
    const int bit = blamed_[syndrome];
    return bit < 0 ? std::nullopt : std::optional<int>(bit);
}

const std::vector<EccCode>& ecc_codes() {
    static const std::vector<EccCode> all{
        {"parity", 64, 1}, {"secded-39-32", 32, 7}, {"secded-72-64", 64, 8}};
    return all;
}

const EccCode& ecc_code(const std::string& name) {
    std::string known;
    for (const EccCode& each : ecc_codes()) {
        if (each.name() == name) return each;
        known += (known.empty() ? "" : ", ") + each.name();
    }
    throw std::invalid_argument(say("store: ecc must be one of ", known, "; got '", name, "'"));
}

}  // namespace siliconbert
