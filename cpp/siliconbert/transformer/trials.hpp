// Many trials of memory faults on one stored tensor: only the sentences that a fault touches run again, and
// every result has the bits of a plain run on a faulty copy of the network.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "siliconbert/base/words.hpp"
#include "siliconbert/transformer/encoder.hpp"
#include "siliconbert/transformer/sentence_index.hpp"
#include "siliconbert/transformer/stored_tensor.hpp"

namespace siliconbert {

struct TrialResult {
    std::vector<std::uint64_t> events;     // by region of the image
    std::vector<std::uint32_t> sentences;  // that ran again, ascending; all others are as without faults
    std::vector<float> logits;             // sentences x exits x classes
};

struct TrialsSpec {
    Encoder encoder;  // the network without faults
    Tensors tensors;  // all of its tensors, which the caller keeps
    CodeImage image;  // of the tensor that it is named after
    Format format;    // of the image's values
    Batch batch;      // which the caller keeps
    const Disturb& fault;
    std::uint64_t seed = 0;
    bool reuse = true;  // else every sentence runs in every trial
};

class Trials {
 public:
    explicit Trials(TrialsSpec spec);

    const CodeImage& image() const { return stored_.image; }

    // The results of these trials, in their order. Trials run side by side, one thread each; fewer trials
    // than threads run one after the other on all threads. Each worker keeps a FaultyTensor from call to
    // call.
    std::vector<TrialResult> run(std::span<const std::uint64_t> trials, int threads, const Poll& poll = {});

 private:
    TrialResult run_one(std::uint64_t trial, int threads, const Poll& poll);
    std::vector<std::uint32_t> touched(std::span<const std::uint32_t> rows) const;
    Encoder faulty_encoder(std::span<const float> values) const;
    std::unique_ptr<FaultyTensor> take_copy();
    void give_back(std::unique_ptr<FaultyTensor> copy);

    TrialsSpec spec_;
    StoredTensor stored_;
    SentenceIndex index_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<FaultyTensor>> copies_;  // not in use
};

}  // namespace siliconbert
