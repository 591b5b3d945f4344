#include "siliconbert/transformer/trials.hpp"

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
    const CodeImage& image = spec.image;
    require(spec.tensors.has(image.tensor), "trials: image must be of a tensor of the model, got ",
            image.tensor);
    spec.tensors.get(image.tensor, image.rows, image.columns);
    check_batch(spec.batch, spec.encoder.shape());
    require(!spec.encoder.exits().empty(), "trials: the model has no classifier, so it has no exits");
    return spec;
}

}  // namespace

Trials::Trials(TrialsSpec spec)
    : spec_(checked(std::move(spec))),
      stored_(std::move(spec_.image), spec_.format),
      index_(spec_.batch, stored_.image.tensor, spec_.encoder.shape()) {}

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
    const std::vector<Event> events = spec_.fault.events(stored_.image, spec_.seed, trial, threads);
    TrialResult result{count_by_region(stored_.image, events), {}, {}};
    if (events.empty() && spec_.reuse) return result;
    std::unique_ptr<FaultyTensor> copy = take_copy();
    const auto rows = copy->read(events);
    result.sentences = spec_.reuse ? index_.reading(rows) : index_.all();
    if (!result.sentences.empty()) {
        const Encoder encoder = faulty_encoder(copy->values());
        const Selection selection(spec_.batch, result.sentences);
        const std::size_t count = result.sentences.size();
        result.logits.resize(count * encoder.exits().size() * encoder.shape().classes);
        encoder.trace(selection.batch(), 0, count, threads, result.logits, poll);
    }
    copy->undo(events);
    give_back(std::move(copy));
    return result;
}

Encoder Trials::faulty_encoder(std::span<const float> values) const {
    const std::string& name = stored_.image.tensor;
    if (name == "embeddings.word") return spec_.encoder.over(values);
    Tensors tensors = spec_.tensors;
    tensors.add(name, {values, stored_.image.rows, stored_.image.columns});
    return spec_.encoder.with_tensor(tensors, name);
}

// A copy that an exception keeps from coming back is lost, faults and all.
std::unique_ptr<FaultyTensor> Trials::take_copy() {
    {
        const std::lock_guard<std::mutex> lock(mutex_);
        if (!copies_.empty()) {
            auto copy = std::move(copies_.back());
            copies_.pop_back();
            return copy;
        }
    }
    return std::make_unique<FaultyTensor>(stored_);
}

void Trials::give_back(std::unique_ptr<FaultyTensor> copy) {
    const std::lock_guard<std::mutex> lock(mutex_);
    copies_.push_back(std::move(copy));
}

}  // namespace siliconbert
