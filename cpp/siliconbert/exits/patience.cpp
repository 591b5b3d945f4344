#include "siliconbert/exits/patience.hpp"

#include "siliconbert/base/check.hpp"

namespace siliconbert {

namespace {

std::int32_t one_exit(std::span<const std::int32_t> row, int patience) {
    int agreeing = 0;
    for (std::size_t layer = 1; layer < row.size(); ++layer) {
        agreeing = row[layer] >= 0 && row[layer] == row[layer - 1] ? agreeing + 1 : 0;
        if (agreeing == patience) return static_cast<std::int32_t>(layer + 1);
    }
    return static_cast<std::int32_t>(row.size());
}

}  // namespace

std::vector<std::int32_t> by_patience(std::span<const std::int32_t> answers, std::size_t layers,
                                      int patience) {
    require(layers >= 1 && answers.size() % layers == 0,
            "by_patience: answers must be sentences x layers, got ", answers.size(), " numbers for ", layers,
            " layers");
    require(patience >= 1, "by_patience: patience must be at least 1, got ", patience);
    std::vector<std::int32_t> exit(answers.size() / layers);
    for (std::size_t i = 0; i < exit.size(); ++i) {
        exit[i] = one_exit(answers.subspan(i * layers, layers), patience);
    }
    return exit;
}

}  // namespace siliconbert
