// Many trials of faults in one stored tensor and of activations: only the sentences that a fault touches run
// again, and every result has the bits of a plain run on a faulty copy of the network.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "siliconbert/base/words.hpp"
#include "siliconbert/storage/ecc.hpp"
#include "siliconbert/transformer/encoder.hpp"
#include "siliconbert/transformer/sentence_index.hpp"
#include "siliconbert/transformer/stored_tensor.hpp"

namespace siliconbert {

struct TrialResult {
    std::vector<std::uint64_t> events;     // by region of the image, before any correction
    EccByRegion ecc;                       // of the regions with an error-correcting code
    std::uint64_t flips = 0;               // of activations
    std::vector<std::uint32_t> sentences;  // that ran again, ascending; all others are as without faults
    std::vector<float> logits;             // sentences x exits x classes
};

// Where a tensor is stored.
struct Memory {
    CodeImage image;  // of the tensor that it is named after
    Format format;    // of the image's values
    Tensors tensors;  // all of the network's, which the caller keeps
    const Disturb& fault;
};

struct TrialsSpec {
    Encoder encoder;  // the network without faults
    Batch batch;      // which the caller keeps
    std::uint64_t seed = 0;
    std::optional<Memory> memory;
    const DisturbActivations* activations = nullptr;
    bool reuse = true;  // else every sentence runs in every trial
};

class Trials {
 public:
    explicit Trials(TrialsSpec spec);

    std::vector<std::string> regions() const;  // of the image

    // The results of these trials, in their order. Trials run side by side, one thread each; fewer trials
    // than threads run one after the other on all threads. Each worker keeps a FaultyTensor from call to
    // call.
    std::vector<TrialResult> run(std::span<const std::uint64_t> trials, int threads, const Poll& poll = {});

 private:
    TrialResult run_one(std::uint64_t trial, int threads, const Poll& poll);
    Encoder with_values(std::span<const float> values) const;
    void rerun(TrialResult& result, const Encoder& encoder, std::uint64_t trial, int threads,
               const Poll& poll) const;

    TrialsSpec spec_;
    std::unique_ptr<WorkingCopies> stored_;  // empty where nothing is
    SentenceIndex index_;
};

}  // namespace siliconbert
