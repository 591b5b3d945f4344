#include "siliconbert/formats/codebook.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "siliconbert/base/check.hpp"

namespace siliconbert {

namespace {

constexpr int most_passes = 100;

std::vector<double> middles_of(const std::vector<double>& values) {
    std::vector<double> middles;
    for (std::size_t i = 1; i < values.size(); ++i) middles.push_back((values[i] + values[i - 1]) / 2);
    return middles;
}

// Where the values of each centre start in the sorted list, and the end of the list.
std::vector<std::size_t> starts_of(const std::vector<double>& sorted, const std::vector<double>& centres) {
    std::vector<std::size_t> starts{0};
    for (const double middle : middles_of(centres)) {
        const auto above = std::upper_bound(sorted.begin(), sorted.end(), middle);
        starts.push_back(static_cast<std::size_t>(above - sorted.begin()));
    }
    starts.push_back(sorted.size());
    return starts;
}

std::vector<float> to_float(const std::vector<double>& values) {
    std::vector<float> narrow;
    for (const double value : values) narrow.push_back(static_cast<float>(value));
    std::sort(narrow.begin(), narrow.end());
    return narrow;
}

}  // namespace

void check(const Codebook& format) {
    require(format.width >= 1 && format.width <= 8, "Codebook: width must be in 1..8, got ", format.width);
    const std::size_t most = std::size_t{1} << format.width;
    require(format.entries.size() <= most, "Codebook: entries must be at most ", most, " for width ",
            format.width, ", got ", format.entries.size());
    for (std::size_t i = 0; i < format.entries.size(); ++i) {
        require(std::isfinite(format.entries[i]), "Codebook: entries must be finite, got ",
                format.entries[i]);
        require(i == 0 || format.entries[i - 1] < format.entries[i], "Codebook: entries must ascend, got ",
                format.entries[i], " at position ", i);
    }
    require(!format.given() || largest_magnitude(format.entries) > 0,
            "Codebook: entries must not be only zero");
}

CodebookCoder::CodebookCoder(std::vector<float> values)
    : values_(std::move(values)), middles_(middles_of({values_.begin(), values_.end()})) {
    for (std::size_t i = 0; i < values_.size(); ++i) {
        const bool repeated = i > 0 && values_[i] == values_[i - 1];
        first_.push_back(repeated ? first_.back() : static_cast<std::uint8_t>(i));
    }
}

std::uint32_t CodebookCoder::encode(float value) const {
    const auto nearest = std::lower_bound(middles_.begin(), middles_.end(), static_cast<double>(value));
    return first_[static_cast<std::size_t>(nearest - middles_.begin())];
}

CodebookCoder coder(const Codebook& format, Bytes bytes) {
    std::vector<float> values(std::size_t{1} << format.width);
    if (format.given()) {
        const float scale = read_float(bytes, 0);
        const std::size_t last = format.entries.size() - 1;
        for (std::size_t i = 0; i < values.size(); ++i) values[i] = format.entries[std::min(i, last)] * scale;
    } else {
        for (std::size_t i = 0; i < values.size(); ++i) values[i] = read_float(bytes, 4 * i);
    }
    return CodebookCoder(std::move(values));
}

std::size_t parameter_bytes(const Codebook& format) {
    return format.given() ? 4 : std::size_t{4} << format.width;
}

void fit(const Codebook& format, std::span<const float> values, std::span<std::uint8_t> bytes) {
    if (format.given()) {
        write_float(bytes, 0, scale_to(largest_magnitude(values), largest_magnitude(format.entries)));
        return;
    }
    const std::vector<float> found = k_means(values, std::size_t{1} << format.width);
    for (std::size_t i = 0; i < found.size(); ++i) write_float(bytes, 4 * i, found[i]);
}

std::vector<float> k_means(std::span<const float> values, std::size_t count) {
    if (values.empty()) return std::vector<float>(count, 0.0F);
    std::vector<double> sorted(values.begin(), values.end());
    for (double& value : sorted) value += 0.0;  // no negative zero
    std::sort(sorted.begin(), sorted.end());
    std::vector<double> centres;
    std::unique_copy(sorted.begin(), sorted.end(), std::back_inserter(centres));
    if (centres.size() <= count) {
        centres.resize(count, centres.back());
        return to_float(centres);
    }
    centres.resize(count);
    for (std::size_t i = 0; i < count; ++i) centres[i] = sorted[(2 * i + 1) * sorted.size() / (2 * count)];
    std::vector<double> sums{0};
    for (const double value : sorted) sums.push_back(sums.back() + value);
    std::vector<std::size_t> before;
    for (int pass = 0; pass < most_passes; ++pass) {
        const std::vector<std::size_t> starts = starts_of(sorted, centres);
        if (starts == before) break;
        for (std::size_t i = 0; i < count; ++i) {
            if (starts[i + 1] <= starts[i]) continue;
            const auto members = static_cast<double>(starts[i + 1] - starts[i]);
            centres[i] = (sums[starts[i + 1]] - sums[starts[i]]) / members;
        }
        before = starts;
    }
    return to_float(centres);
}

}  // namespace siliconbert
