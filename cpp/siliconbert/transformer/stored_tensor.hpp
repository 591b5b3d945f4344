// A tensor of the network that lives in a memory image, and a working copy of it that reads one trial after
// another: faults go in and out by their events, nothing is copied in between.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "siliconbert/base/words.hpp"
#include "siliconbert/formats/format.hpp"
#include "siliconbert/storage/image.hpp"

namespace siliconbert {

// As it was stored; read only, shared by all workers.
struct StoredTensor {
    StoredTensor(CodeImage stored, const Format& of_values);

    CodeImage image;
    Format format;
    Placement elements;  // of every stored value
    Decoder decode;
    std::vector<float> values;  // rows x columns, what the image reads without faults
};

// One worker's copy: the image and 4 bytes an element.
class FaultyTensor {
 public:
    explicit FaultyTensor(const StoredTensor& clean);
    FaultyTensor(const FaultyTensor&) = delete;
    FaultyTensor& operator=(const FaultyTensor&) = delete;

    // Reads the tensor with these faults; returns the rows that now differ in any bit, ascending.
    std::span<const std::uint32_t> read(std::span<const Event> events);
    // Takes the faults of `read` out again: image and values are the clean ones, bit for bit.
    void undo(std::span<const Event> events);

    std::span<const float> values() const { return values_; }
    const CodeImage& image() const { return image_; }

 private:
    void read_changed(std::span<const Placed> changed);
    void read_all();
    std::span<float> row(std::size_t row) { return std::span(values_).subspan(row * columns(), columns()); }
    std::size_t columns() const { return image_.columns; }

    const StoredTensor& clean_;
    CodeImage image_;
    ValueCodes codes_;  // of the image
    std::vector<float> values_;
    std::vector<std::uint32_t> rows_;  // that differ
};

// A stored tensor and the copies of it that workers are done with.
class WorkingCopies {
 public:
    WorkingCopies(CodeImage stored, const Format& of_values) : clean_(std::move(stored), of_values) {}

    const StoredTensor& clean() const { return clean_; }
    std::unique_ptr<FaultyTensor> take();
    void give_back(std::unique_ptr<FaultyTensor> copy);

 private:
    StoredTensor clean_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<FaultyTensor>> idle_;
};

// One trial's reading: a working copy with these faults for as long as this lives.
class FaultyReading {
 public:
    FaultyReading(WorkingCopies& copies, std::span<const Event> events)
        : copies_(copies), events_(events), copy_(copies.take()), rows_(copy_->read(events)) {}
    ~FaultyReading() {
        copy_->undo(events_);
        copies_.give_back(std::move(copy_));
    }
    FaultyReading(const FaultyReading&) = delete;
    FaultyReading& operator=(const FaultyReading&) = delete;

    std::span<const std::uint32_t> rows() const { return rows_; }
    std::span<const float> values() const { return copy_->values(); }

 private:
    WorkingCopies& copies_;
    std::span<const Event> events_;
    std::unique_ptr<FaultyTensor> copy_;
    std::span<const std::uint32_t> rows_;
};

}  // namespace siliconbert
