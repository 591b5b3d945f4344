#include "siliconbert/transformer/stored_tensor.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace siliconbert {

namespace {

std::vector<float> stored_values_of_codes(const CodeImage& image, const Format& format) {
    return values_of_codes(with_parameters(format, region(image, "parameters").codes));
}

}  // namespace

StoredTensor::StoredTensor(CodeImage stored, const Format& of_values)
    : image(std::move(stored)),
      format(of_values),
      values(image.rows * image.columns),
      value_of_code(stored_values_of_codes(image, format)),
      elements(kept_elements(image)) {
    load(image, value_of_code, values);
}

FaultyTensor::FaultyTensor(const StoredTensor& clean)
    : clean_(clean), image_(clean.image), codes_(region(image_, "values").codes), values_(clean.values) {}

std::span<const std::uint32_t> FaultyTensor::read(std::span<const Event> events) {
    rows_.clear();
    apply_events(image_, events);
    if (const auto changed = changed_values(clean_.image, clean_.elements, events)) {
        read_changed(*changed);
    } else {
        read_all();
    }
    return rows_;
}

void FaultyTensor::read_changed(std::span<const Changed> changed) {
    for (const Changed& each : changed) {
        float& value = values_[each.element];
        const float read = clean_.value_of_code[codes_.at(each.value)];
        if (std::bit_cast<std::uint32_t>(value) == std::bit_cast<std::uint32_t>(read)) continue;
        value = read;
        rows_.push_back(static_cast<std::uint32_t>(each.element / columns()));
    }
    std::sort(rows_.begin(), rows_.end());
    rows_.erase(std::unique(rows_.begin(), rows_.end()), rows_.end());
}

// A fault outside the values moves elements or changes what codes stand for: everything is read anew.
void FaultyTensor::read_all() {
    load(image_, stored_values_of_codes(image_, clean_.format), values_);
    for (std::size_t r = 0; r < image_.rows; ++r) {
        const float* clean = clean_.values.data() + r * columns();
        if (std::memcmp(row(r).data(), clean, columns() * sizeof(float)) != 0)
            rows_.push_back(static_cast<std::uint32_t>(r));
    }
}

void FaultyTensor::undo(std::span<const Event> events) {
    undo_events(image_, events);
    for (const std::uint32_t r : rows_) {
        std::copy_n(clean_.values.data() + r * columns(), columns(), row(r).data());
    }
    rows_.clear();
}

}  // namespace siliconbert
