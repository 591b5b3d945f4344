#include "siliconbert/storage/ecc.hpp"

#include "siliconbert/base/ceil_divide.hpp"
#include "siliconbert/base/check.hpp"
#include "siliconbert/storage/protected.hpp"

namespace siliconbert {

std::vector<Protected> protected_regions(const CodeImage& image) {
    std::vector<Protected> all;
    for (std::uint32_t check = 0; check < image.regions.size(); ++check) {
        const Region& bits = image.regions[check];
        if (bits.ecc.empty()) continue;
        std::uint32_t data = 0;
        while (data < image.regions.size() && image.regions[data].name + ".check" != bits.name) ++data;
        require(data < image.regions.size(), "image: region ", bits.name, " protects no region");
        all.push_back({&ecc_code(bits.ecc), data, check, image.regions[data].codes.bits()});
        const std::size_t needed =
            all.back().words() * static_cast<std::size_t>(all.back().code->check_bits());
        require(bits.codes.bits() >= needed, "image: region ", bits.name, " must hold ", needed,
                " bits, got ", bits.codes.bits());
    }
    return all;
}

std::pair<std::uint32_t, std::size_t> stored_at(const Protected& region, std::size_t word, int bit) {
    const int data = region.code->data_bits();
    if (bit < data)
        return {region.data, word * static_cast<std::size_t>(data) + static_cast<std::size_t>(bit)};
    return {region.check, word * static_cast<std::size_t>(region.code->check_bits()) +
                              static_cast<std::size_t>(bit - data)};
}

std::optional<int> correction(const Protected& region, std::size_t word, std::uint32_t syndrome) {
    const std::optional<int> bit = region.code->wrong_bit(syndrome);
    if (bit && stored_at(region, word, *bit).first == region.data &&
        stored_at(region, word, *bit).second >= region.data_bits) {
        return std::nullopt;
    }
    return bit;
}

namespace {

// `count` bits (up to 64) of packed codes from bit `first` on; zeros beyond the end.
std::uint64_t bits_at(const Codes& codes, std::size_t first, int count) {
    const std::span<const std::uint64_t> words = codes.words();
    const std::size_t word = first / 64;
    const int shift = static_cast<int>(first % 64);
    std::uint64_t bits = word < words.size() ? words[word] >> shift : 0;
    if (shift + count > 64 && word + 1 < words.size()) bits |= words[word + 1] << (64 - shift);
    return count == 64 ? bits : bits & ((std::uint64_t{1} << count) - 1);
}

void flip_bit(Codes& codes, std::size_t bit) {
    const auto width = static_cast<std::size_t>(codes.width());
    codes.set(bit / width, codes.at(bit / width) ^ 1U << bit % width);
}

}  // namespace

Codes check_bits(const Codes& data, const EccCode& code) {
    const auto size = static_cast<std::size_t>(code.data_bits());
    Codes check(code.check_bits(), ceil_divide(data.bits(), size));
    for (std::size_t word = 0; word < check.count(); ++word) {
        check.set(word, code.check_of(bits_at(data, word * size, code.data_bits())));
    }
    return check;
}

EccByRegion correct(CodeImage& image) {
    EccByRegion by_region;
    for (const Protected& region : protected_regions(image)) {
        EccCounts& counts = by_region[image.regions[region.data].name];
        const EccCode& code = *region.code;
        for (std::size_t word = 0; word < region.words(); ++word) {
            const std::uint64_t data = bits_at(image.regions[region.data].codes,
                                               stored_at(region, word, 0).second, code.data_bits());
            const std::uint64_t check =
                bits_at(image.regions[region.check].codes, stored_at(region, word, code.data_bits()).second,
                        code.check_bits());
            const std::uint32_t syndrome = code.syndrome(data, static_cast<std::uint32_t>(check));
            if (syndrome == 0) continue;
            const std::optional<int> bit = correction(region, word, syndrome);
            counts.corrected += bit.has_value();
            counts.detected += !bit;
            if (!bit) continue;
            const auto [number, at] = stored_at(region, word, *bit);
            flip_bit(image.regions[number].codes, at);
        }
    }
    return by_region;
}

}  // namespace siliconbert
