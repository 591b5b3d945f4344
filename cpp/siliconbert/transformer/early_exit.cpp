#include "siliconbert/transformer/early_exit.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

#include "siliconbert/base/check.hpp"
#include "siliconbert/transformer/encoder.hpp"
#include "siliconbert/transformer/pass.hpp"
#include "siliconbert/transformer/passes.hpp"

namespace siliconbert {

Staying::Staying(const Weights& weights, std::span<const float> word_table, const Batch& batch, int threads)
    : weights_(weights),
      word_table_(word_table),
      batch_(batch),
      threads_(threads),
      numbers_(batch.sentences()),
      offsets_(batch.offsets.begin(), batch.offsets.end()),
      states_(batch.start(batch.sentences()) * weights.shape.hidden) {
    std::iota(numbers_.begin(), numbers_.end(), std::size_t{0});
}

std::vector<std::size_t> Staying::all() const {
    std::vector<std::size_t> places(numbers_.size());
    std::iota(places.begin(), places.end(), std::size_t{0});
    return places;
}

std::vector<std::size_t> Staying::places(std::span<const std::uint8_t> chosen) const {
    std::vector<std::size_t> places = all();
    std::erase_if(places, [&](std::size_t p) { return chosen[numbers_[p]] == 0; });
    return places;
}

std::span<float> Staying::states_of(std::size_t first, std::size_t last) {
    const std::size_t hidden = weights_.shape.hidden;
    const auto start = static_cast<std::size_t>(offsets_[first]);
    return {states_.data() + start * hidden, (static_cast<std::size_t>(offsets_[last]) - start) * hidden};
}

void Staying::layer(std::size_t layer) {
    const Batch staying = layer == 1 ? batch_ : Batch{{}, {}, offsets_};
    each_pass(staying, 0, staying.sentences(), threads_, [&](std::size_t first, std::size_t last) {
        Pass pass(weights_, word_table_, staying, first, last);
        const std::span<float> states = states_of(first, last);
        layer == 1 ? pass.embed() : pass.resume(states);
        pass.layer(layer);
        std::ranges::copy(pass.states(), states.begin());
    });
}

// An exit sees token 0 only, so the first tokens of many sentences stand in a pass like sentences of one.
void Staying::exit(const ExitWeights& weights, std::span<const std::size_t> places,
                   std::span<float> logits) const {
    const std::size_t hidden = weights_.shape.hidden;
    const std::size_t classes = weights_.shape.classes;
    std::vector<std::int64_t> offsets(places.size() + 1);
    std::iota(offsets.begin(), offsets.end(), std::int64_t{0});
    const Batch tokens{{}, {}, offsets};
    each_pass(tokens, 0, places.size(), threads_, [&](std::size_t first, std::size_t last) {
        Buffer<float> states((last - first) * hidden);
        std::vector<float> found((last - first) * classes);
        for (std::size_t i = first; i < last; ++i) {
            const auto token = static_cast<std::size_t>(offsets_[places[i]]);
            std::copy_n(states_.data() + token * hidden, hidden, states.data() + (i - first) * hidden);
        }
        Pass pass(weights_, word_table_, tokens, first, last);
        pass.resume(states);
        pass.exit(weights, found, classes);
        for (std::size_t i = first; i < last; ++i) {
            std::copy_n(found.data() + (i - first) * classes, classes,
                        logits.data() + numbers_[places[i]] * classes);
        }
    });
}

void Staying::leave_out(std::span<const std::uint8_t> gone) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i < numbers_.size(); ++i) {
        if (gone[numbers_[i]] != 0) continue;
        const std::span<const float> states = states_of(i, i + 1);
        const std::int64_t tokens = offsets_[i + 1] - offsets_[i];
        if (kept < i) std::ranges::copy(states, states_of(kept, kept).data());
        numbers_[kept] = numbers_[i];
        ++kept;
        offsets_[kept] = offsets_[kept - 1] + tokens;
    }
    numbers_.resize(kept);
    offsets_.resize(kept + 1);
}

void Encoder::run(const Batch& batch, int threads, Score score, Leave& leave, std::span<std::int32_t> layers,
                  std::span<float> logits) const {
    require(exits().size() == shape().layers,
            "run: the model must have an exit after every layer, it has exits after ", exits().size(), " of ",
            shape().layers);
    const std::size_t classes = shape().classes;
    Staying staying(*weights_, word_table_, batch, threads);
    std::vector<float> scores(batch.sentences(), std::numeric_limits<float>::quiet_NaN());
    std::vector<std::uint8_t> gone(batch.sentences(), 0);
    std::ranges::fill(layers, static_cast<std::int32_t>(shape().layers));
    for (std::size_t l = 1; l < shape().layers && !staying.empty(); ++l) {
        const auto number = static_cast<std::int32_t>(l);
        const bool reads = leave.reads(number);
        staying.layer(l);
        if (reads) {
            staying.exit(weights_->exits[l - 1], staying.all(), logits);
            for (const std::size_t i : staying.numbers()) {
                scores[i] = score(logits.subspan(i * classes, classes));
            }
        }
        leave.after(number, scores, gone);
        const std::vector<std::size_t> leaving = staying.places(gone);
        if (!reads) staying.exit(weights_->exits[l - 1], leaving, logits);
        for (const std::size_t p : leaving) layers[staying.numbers()[p]] = number;
        staying.leave_out(gone);
    }
    staying.layer(shape().layers);
    staying.exit(weights_->exits.back(), staying.all(), logits);
}

}  // namespace siliconbert
