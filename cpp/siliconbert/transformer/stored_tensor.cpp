#include "siliconbert/transformer/stored_tensor.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace siliconbert {

namespace {

// By the parameters as the image now holds them.
Decoder decoder(const CodeImage& image, const Format& format) {
    const Region* parameters = find_region(image, "parameters");
    const Format read = parameters == nullptr ? format : with_parameters(format, parameters->codes);
    check_parameters(read, image.rows * image.columns, image.columns, "trials");
    return {read, image.columns};
}

}  // namespace

StoredTensor::StoredTensor(CodeImage stored, const Format& of_values)
    : image(std::move(stored)),
      format(of_values),
      elements(placement(image)),
      decode(decoder(image, format)),
      values(image.rows * image.columns) {
    require(ValueCodes(image).width() == width(format), "trials: format must have the image's width ",
            ValueCodes(image).width(), ", got ", width(format));
    load(image, elements, decode, values);
}

FaultyTensor::FaultyTensor(const StoredTensor& clean)
    : clean_(clean), image_(clean.image), codes_(image_), values_(clean.values) {}

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

void FaultyTensor::read_changed(std::span<const Placed> changed) {
    for (const Placed& each : changed) {
        float& value = values_[each.element];
        const float read = clean_.decode(codes_.at(each.value), each.element);
        if (std::bit_cast<std::uint32_t>(value) == std::bit_cast<std::uint32_t>(read)) continue;
        value = read;
        rows_.push_back(static_cast<std::uint32_t>(each.element / columns()));
    }
    std::sort(rows_.begin(), rows_.end());
    rows_.erase(std::unique(rows_.begin(), rows_.end()), rows_.end());
}

// A fault outside the values moves elements or changes what codes stand for: everything is read anew.
void FaultyTensor::read_all() {
    load(image_, decoder(image_, clean_.format), values_);
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

std::unique_ptr<FaultyTensor> WorkingCopies::take() {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (!idle_.empty()) {
            auto copy = std::move(idle_.back());
            idle_.pop_back();
            return copy;
        }
    }
    return std::make_unique<FaultyTensor>(clean_);
}

void WorkingCopies::give_back(std::unique_ptr<FaultyTensor> copy) {
    const std::lock_guard<std::mutex> lock(mutex_);
    idle_.push_back(std::move(copy));
}

}  // namespace siliconbert
