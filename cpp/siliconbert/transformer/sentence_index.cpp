#include "siliconbert/transformer/sentence_index.hpp"

#include <algorithm>
#include <numeric>
#include <optional>

namespace siliconbert {

namespace {

// A table of the network: how many rows it has, and which one a token reads.
struct Table {
    std::size_t rows;
    std::size_t (*row)(const Batch& batch, std::size_t token, std::size_t position);
};

std::optional<Table> table(const std::string& tensor, const NetworkShape& shape) {
    using Size = std::size_t;
    if (tensor == "embeddings.word") {
        return Table{shape.vocabulary,
                     [](const Batch& b, Size t, Size) { return static_cast<Size>(b.ids[t]); }};
    }
    if (tensor == "embeddings.type") {
        return Table{shape.types, [](const Batch& b, Size t, Size) { return static_cast<Size>(b.types[t]); }};
    }
    if (tensor == "embeddings.position") {
        return Table{shape.positions, [](const Batch&, Size, Size position) { return position; }};
    }
    return std::nullopt;
}

}  // namespace

SentenceIndex::SentenceIndex(const Batch& batch, const std::string& tensor, const NetworkShape& shape)
    : sentences_(batch.sentences()) {
    const std::optional<Table> found = table(tensor, shape);
    looked_up_ = found.has_value();
    if (!looked_up_) return;
    // One pass counts a row's sentences, the next writes them down; `last` leaves out repeated tokens.
    std::vector<std::size_t> last;
    const auto each_reading = [&](auto&& use) {
        last.assign(found->rows, sentences_);
        for (std::size_t i = 0; i < sentences_; ++i) {
            for (std::size_t t = 0; t < batch.length(i); ++t) {
                const std::size_t row = found->row(batch, batch.start(i) + t, t);
                if (last[row] != i) use(row, static_cast<std::uint32_t>(i));
                last[row] = i;
            }
        }
    };
    start_.resize(found->rows + 1);
    each_reading([&](std::size_t row, std::uint32_t) { ++start_[row + 1]; });
    std::partial_sum(start_.begin(), start_.end(), start_.begin());
    sentence_.resize(start_.back());
    std::vector<std::size_t> next(start_.begin(), start_.end() - 1);
    each_reading([&](std::size_t row, std::uint32_t i) { sentence_[next[row]++] = i; });
}

std::vector<std::uint32_t> SentenceIndex::reading(std::span<const std::uint32_t> rows) const {
    if (!looked_up_) return rows.empty() ? std::vector<std::uint32_t>{} : all();
    std::vector<std::uint32_t> found;
    for (const std::uint32_t r : rows) {
        if (r + 1 >= start_.size()) continue;
        found.insert(found.end(), sentence_.begin() + static_cast<std::ptrdiff_t>(start_[r]),
                     sentence_.begin() + static_cast<std::ptrdiff_t>(start_[r + 1]));
    }
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
}

std::vector<std::uint32_t> SentenceIndex::all() const {
    std::vector<std::uint32_t> numbers(sentences_);
    std::iota(numbers.begin(), numbers.end(), 0U);
    return numbers;
}

}  // namespace siliconbert
