// Which sentences read which rows of a tensor, the other way round than a batch holds it.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "siliconbert/transformer/network.hpp"

namespace siliconbert {

class SentenceIndex {
 public:
    // Rows of the word, type and position tables are looked up by a sentence's tokens; every sentence reads
    // every row of any other tensor.
    SentenceIndex(const Batch& batch, const std::string& tensor, const NetworkShape& shape);

    // The sentences that read one of these rows, ascending; rows outside the tensor are read by none.
    std::vector<std::uint32_t> reading(std::span<const std::uint32_t> rows) const;
    std::vector<std::uint32_t> all() const;

 private:
    bool looked_up_ = true;
    std::size_t sentences_;
    std::vector<std::size_t> start_;  // row r is read by sentence_[start_[r]] .. sentence_[start_[r + 1] - 1]
    std::vector<std::uint32_t> sentence_;
};

}  // namespace siliconbert
