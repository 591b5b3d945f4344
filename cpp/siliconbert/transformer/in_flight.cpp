#include "siliconbert/transformer/in_flight.hpp"

#include <algorithm>
#include <bit>
#include <cmath>

namespace siliconbert {

namespace {

// The places that operands really pass: some networks have no projection or no ramps.
std::vector<bool> used_places(const Weights& weights) {
    const Places places(weights.shape);
    std::vector<bool> used(places.count());
    used[Places::embeddings] = weights.embeddings.projection != nullptr;
    std::fill_n(used.begin() + 1, weights.shape.layers * Places::per_layer, true);
    for (const ExitWeights& exit : weights.exits) {
        used[places.token(exit.layer)] = true;
        used[places.pooled(exit.layer)] = exit.pooler != nullptr;
    }
    return used;
}

// Rows of `width` columns without those of heads that are off.
void keep_columns(const LayerHeads& heads, std::size_t width, std::vector<Flip>& found) {
    std::erase_if(found, [&](const Flip& flip) {
        return heads.slots[flip.element % width / heads.head_width] == LayerHeads::off;
    });
    for (Flip& flip : found) {
        const std::size_t column = flip.element % width;
        const std::size_t slot = heads.slots[column / heads.head_width];
        flip.element =
            flip.element / width * heads.width() + slot * heads.head_width + column % heads.head_width;
    }
}

// Probabilities of heads that are on, without those outside their windows.
void keep_probabilities(const LayerHeads& heads, std::size_t tokens, std::vector<Flip>& found) {
    const std::size_t square = tokens * tokens;
    std::erase_if(found, [&](const Flip& flip) {
        const std::size_t slot = heads.slots[flip.element / square];
        if (slot == LayerHeads::off) return true;
        const std::size_t pair = flip.element % square;
        const KeyRange keys = heads.windows[slot].keys(pair / tokens, tokens);
        return pair % tokens < keys.first || pair % tokens >= keys.last;
    });
    for (Flip& flip : found) {
        flip.element = heads.slots[flip.element / square] * square + flip.element % square;
    }
}

}  // namespace

InFlight::InFlight(const Flight& flight, const Weights& weights)
    : flight_(flight),
      weights_(weights),
      names_(Places(weights.shape).names()),
      active_(used_places(weights)) {
    for (std::size_t p = 0; p < names_.size(); ++p) active_[p] = active_[p] && flight.fault.at(names_[p]);
    if (!weights.formats) return;
    const AdaptivFloat& format = weights.formats->front().format();  // all have one shape
    word_ = {format.width, fields(format)};
}

void InFlight::flips(std::size_t place, std::size_t sentence, std::size_t tokens,
                     std::vector<Flip>& found) const {
    const std::uint32_t number =
        flight_.numbers.empty() ? static_cast<std::uint32_t>(sentence) : flight_.numbers[sentence];
    flight_.fault.flips({names_[place], flight_.seed, flight_.trial, number}, word_, values(place, tokens),
                        found);
    leave_out_missing(place, tokens, found);
}

void InFlight::leave_out_missing(std::size_t place, std::size_t tokens, std::vector<Flip>& found) const {
    const NetworkShape& shape = weights_.shape;
    if (place == Places::embeddings || place > shape.layers * Places::per_layer) return;
    const LayerHeads& heads = weights_.heads[shape.group(1 + (place - 1) / Places::per_layer)];
    if (!heads.windowed() && heads.all_on()) return;
    switch ((place - 1) % Places::per_layer) {
        case Places::input:
            if (heads.on.empty()) found.clear();
            return;
        case Places::probabilities:
            return keep_probabilities(heads, tokens, found);
        case Places::attended:
        case Places::activated:
            return;
        default:
            return keep_columns(heads, shape.hidden, found);
    }
}

std::size_t InFlight::flips(std::size_t sentence, std::size_t tokens) const {
    std::vector<Flip> found;
    std::size_t total = 0;
    for (std::size_t place = 0; place < names_.size(); ++place) {
        if (!at(place)) continue;
        flips(place, sentence, tokens, found);
        total += found.size();
    }
    return total;
}

std::size_t InFlight::values(std::size_t place, std::size_t tokens) const {
    const NetworkShape& shape = weights_.shape;
    if (place == Places::embeddings) return tokens * shape.embedding;
    if (place > shape.layers * Places::per_layer) return shape.hidden;  // an exit's token 0
    switch ((place - 1) % Places::per_layer) {
        case Places::probabilities:
            return shape.heads * tokens * tokens;
        case Places::activated:
            return tokens * shape.ffn;
        default:
            return tokens * shape.hidden;
    }
}

void InFlight::apply(std::size_t place, std::span<const Flip> flips, std::size_t first, std::size_t last,
                     std::size_t width, std::size_t stride, Operands operands) const {
    const auto from = std::ranges::lower_bound(flips, first * width, {}, &Flip::element);
    for (auto flip = from; flip != flips.end() && flip->element < last * width;) {
        const std::uint64_t element = flip->element;
        std::uint32_t bits = 0;
        for (; flip != flips.end() && flip->element == element; ++flip) bits |= std::uint32_t{1} << flip->bit;
        this->flip(place, bits, operands, (element / width - first) * stride + element % width);
    }
}

// In a format the bits are those of the code that stands for the operand.
void InFlight::flip(std::size_t place, std::uint32_t bits, Operands operands, std::size_t at) const {
    const auto flipped = [&](float value) {
        if (!weights_.formats) return std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) ^ bits);
        const AdaptivFloatQuantizer& format = (*weights_.formats)[place];
        return std::isnan(value) ? value : format.decode(format.encode(value) ^ bits);  // no code is NaN
    };
    if (operands.bf16 == nullptr) {
        operands.fp32[at] = flipped(operands.fp32[at]);
        return;
    }
    std::uint16_t& half = operands.bf16[at];
    const float value = flipped(std::bit_cast<float>(std::uint32_t{half} << 16));
    half = static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(value) >> 16);
}

}  // namespace siliconbert
