#include "siliconbert/faults/activation.hpp"

#include <algorithm>

#include "siliconbert/base/check.hpp"
#include "siliconbert/faults/mixed.hpp"
#include "siliconbert/faults/names.hpp"
#include "siliconbert/faults/sampling.hpp"

namespace siliconbert {

namespace {

// Bits of a word that may flip, ascending.
std::vector<std::uint32_t> chosen(const ActivationWord& word, const std::vector<std::string>& fields) {
    std::vector<std::uint32_t> bits;
    if (fields.empty()) {
        for (int bit = 0; bit < word.width; ++bit) bits.push_back(static_cast<std::uint32_t>(bit));
    }
    for (const std::string& name : fields) {
        const auto field = word.fields.find(name);
        if (field == word.fields.end()) continue;
        for (const int bit : field->second) bits.push_back(static_cast<std::uint32_t>(bit));
    }
    std::sort(bits.begin(), bits.end());
    return bits;
}

bool earlier(const Flip& a, const Flip& b) {
    return a.element != b.element ? a.element < b.element : a.bit < b.bit;
}

// Removes what occurs an even number of times.
void cancel_pairs(std::vector<Flip>& flips) {
    std::sort(flips.begin(), flips.end(), earlier);
    std::vector<Flip> odd;
    for (const Flip& flip : flips) {
        if (!odd.empty() && odd.back() == flip) {
            odd.pop_back();
        } else {
            odd.push_back(flip);
        }
    }
    flips = std::move(odd);
}

}  // namespace

ActivationFlip::ActivationFlip(double rate, std::vector<std::string> places, std::vector<std::string> fields)
    : rate_(rate), places_(std::move(places)), fields_(std::move(fields)) {
    require(rate >= 0 && rate <= 1, "ActivationFlip: rate must be in 0..1, got ", rate);
}

bool ActivationFlip::at(std::string_view place) const {
    if (rate_ == 0) return false;
    return places_.empty() || std::any_of(places_.begin(), places_.end(),
                                          [&](const std::string& name) { return names_part(name, place); });
}

void ActivationFlip::flips(const Passage& passage, const ActivationWord& word, std::size_t count,
                           std::vector<Flip>& found) const {
    found.clear();
    const std::vector<std::uint32_t> bits = chosen(word, fields_);
    if (bits.empty() || !at(passage.place)) return;
    const std::uint64_t size = std::uint64_t{count} * bits.size();
    const Draws draws(passage.seed, Stream::activation_fault, passage.place, "", passage.trial);
    Hits(rate_, size)
        .each(
            draws, passage.sentence, size, [](std::uint64_t) {},
            [&](std::uint64_t at, double) {
                found.push_back({at / bits.size(), bits[at % bits.size()]});
            });
}

bool MixedActivations::at(std::string_view place) const {
    return std::any_of(parts_.begin(), parts_.end(), [&](const Part& part) { return part->at(place); });
}

void MixedActivations::flips(const Passage& passage, const ActivationWord& word, std::size_t count,
                             std::vector<Flip>& found) const {
    std::vector<Flip> all;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
        Passage own = passage;
        own.seed = part_seed(passage.seed, i);
        parts_[i]->flips(own, word, count, found);
        all.insert(all.end(), found.begin(), found.end());
    }
    cancel_pairs(all);
    found = std::move(all);
}

}  // namespace siliconbert
