#include "siliconbert/transformer/trials.hpp"

#include <algorithm>

#include "siliconbert/base/check.hpp"
#include "siliconbert/base/parallel.hpp"

namespace siliconbert {

namespace {

// Some sentences of a batch, as a batch of their own.
class Selection {
 public:
    Selection(const Batch& batch, std::span<const std::uint32_t> sentences) {
        for (const std::uint32_t i : sentences) {
            const std::size_t start = batch.start(i);
            const std::size_t length = batch.length(i);
            const auto add = [&](std::vector<std::int32_t>& to, std::span<const std::int32_t> from) {
                to.insert(to.end(), from.begin() + static_cast<std::ptrdiff_t>(start),
                          from.begin() + static_cast<std::ptrdiff_t>(start + length));
            };
            add(ids_, batch.ids);
            add(types_, batch.types);
            offsets_.push_back(offsets_.back() + static_cast<std::int64_t>(length));
        }
    }
    Batch batch() const { return {ids_, types_, offsets_}; }

 private:
    std::vector<std::int32_t> ids_;
    std::vector<std::int32_t> types_;
    std::vector<std::int64_t> offsets_{0};
};

std::vector<std::uint64_t> count_by_region(const CodeImage& image, std::span<const Event> events) {
    std::vector<std::uint64_t> counts(image.regions.size());
    for (const Event& event : events) ++counts[event.region];
    return counts;
}

TrialsSpec checked(TrialsSpec spec) {
    check_batch(spec.batch, spec.encoder.shape());
    require(!spec.encoder.exits().empty(), "trials: the model has no classifier, so it has no exits");
    if (spec.memory) {
        const CodeImage& image = spec.memory->image;
        spec.memory->tensors.get(image.tensor, image.rows, image.columns);
    }
    return spec;
}

// Adds the sentences where something flips; returns how many bits do.
std::uint64_t add_disturbed(std::span<const std::size_t> flips, std::vector<std::uint32_t>& touched) {
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < flips.size(); ++i) {
        if (flips[i] != 0) touched.push_back(static_cast<std::uint32_t>(i));
        total += flips[i];
    }
    std::sort(touched.begin(), touched.end());
    touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
    return total;
}

}  // namespace

Trials::Trials(TrialsSpec spec)
    : spec_(checked(std::move(spec))),
      stored_(spec_.memory ? std::make_unique<WorkingCopies>(spec_.memory->image, spec_.memory->format)
                           : nullptr),
      index_(spec_.batch, spec_.memory ? spec_.memory->image.tensor : "", spec_.encoder.shape()) {}

std::vector<std::string> Trials::regions() const {
    std::vector<std::string> names;
    if (!spec_.memory) return names;
    for (const Region& region : spec_.memory->image.regions) names.push_back(region.name);
    return names;
}

std::vector<TrialResult> Trials::run(std::span<const std::uint64_t> trials, int threads, const Poll& poll) {
    const OneThreadACall guard;
    const bool side_by_side = trials.size() >= static_cast<std::size_t>(thread_count(threads));
    std::vector<TrialResult> results(trials.size());
    parallel_for(trials.size(), side_by_side ? threads : 1, [&](std::size_t t) {
        if (poll) poll();
        results[t] = run_one(trials[t], side_by_side ? 1 : threads, poll);
    });
    return results;
}

TrialResult Trials::run_one(std::uint64_t trial, int threads, const Poll& poll) {
    TrialResult result;
    std::vector<Event> events;
    std::optional<FaultyReading> faulty;
    if (spec_.memory) {
        const CodeImage& image = stored_->clean().image;
        events = spec_.memory->fault.events(image, spec_.seed, trial, threads);
        result.events = count_by_region(image, events);
        EccResult read = after_ecc(image, events);
        result.ecc = std::move(read.counts);
        events = std::move(read.events);
        if (!events.empty()) {
            faulty.emplace(*stored_, events);
            result.sentences = index_.reading(faulty->rows());
        }
    }
    if (spec_.activations != nullptr) {
        const Flight flight{*spec_.activations, spec_.seed, trial};
        result.flips = add_disturbed(spec_.encoder.flips(spec_.batch, flight), result.sentences);
    }
    if (!spec_.reuse) result.sentences = index_.all();
    if (!result.sentences.empty()) {
        rerun(result, faulty ? with_values(faulty->values()) : spec_.encoder, trial, threads, poll);
    }
    return result;
}

Encoder Trials::with_values(std::span<const float> values) const {
    const CodeImage& image = spec_.memory->image;
    if (image.tensor == "embeddings.word") return spec_.encoder.over(values);
    Tensors tensors = spec_.memory->tensors;
    tensors.add(image.tensor, {values, image.rows, image.columns});
    return spec_.encoder.with_tensor(tensors, image.tensor);
}

void Trials::rerun(TrialResult& result, const Encoder& encoder, std::uint64_t trial, int threads,
                   const Poll& poll) const {
    const Selection selection(spec_.batch, result.sentences);
    const std::size_t count = result.sentences.size();
    result.logits.resize(count * encoder.exits().size() * encoder.shape().classes);
    std::optional<Flight> flight;
    if (spec_.activations != nullptr) {
        flight.emplace(Flight{*spec_.activations, spec_.seed, trial, result.sentences});
    }
    encoder.trace(selection.batch(), 0, count, threads, result.logits, poll, flight ? &*flight : nullptr);
}

}  // namespace siliconbert
