// A back end that clocks another one: how long its products take in the engine and by themselves, and how
// long the engine is busy between two of them. The engine knows nothing of it.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "siliconbert/transformer/products.hpp"

namespace siliconbert {

// Products of one kind since the last reset.
struct Clocked {
    std::size_t calls = 0;
    double operations = 0;  // multiplications and additions
    double seconds = 0;
};

// What products took. Seconds are processor time of the thread that computes: other work does not count.
class Clocks {
 public:
    static double now();
    // A product of this kind that was just made, and the time since this thread's last one.
    void add(const std::string& kind, double operations, double start, double end);
    void reset();

    std::map<std::string, Clocked> kinds() const;
    // Of the kinds before and after -> seconds.
    std::map<std::pair<std::string, std::string>, double> between() const;

 private:
    struct Last {
        std::string kind;
        double end;
    };
    mutable std::mutex mutex_;
    std::map<std::string, Clocked> kinds_;
    std::map<std::pair<std::string, std::string>, double> between_;
    std::map<std::thread::id, Last> last_;
};

// Kinds are named "768x3072 gelu_new" by inputs, outputs and activation; those of attention "scores" and
// "context".
class TimedProducts final : public Products {
 public:
    TimedProducts(std::shared_ptr<const Products> timed, std::shared_ptr<const Products> library)
        : timed_(std::move(timed)), library_(std::move(library)) {}

    std::string name() const override { return timed_->name(); }
    bool fast_bf16() const override { return timed_->fast_bf16(); }
    bool tiles() const override { return timed_->tiles(); }
    std::unique_ptr<Linear> linear(const LinearSpec& spec) const override;
    std::shared_ptr<const AttentionProducts> attention(const AttentionSpec& spec) const override;

    Clocks& clocks() const { return *clocks_; }
    void reset() const;
    // Of every kind: seconds that as many calls of the library take one after another on each of `threads` at
    // once, with other weights and hot operands; `bare` without activations.
    std::map<std::string, double> alone(int threads, bool bare) const;

 private:
    std::shared_ptr<const Products> timed_;
    std::shared_ptr<const Products> library_;
    std::shared_ptr<Clocks> clocks_ = std::make_shared<Clocks>();
    mutable std::mutex mutex_;
    mutable std::map<std::string, LinearSpec> linears_;        // by kind, without weights
    mutable std::map<AttentionSpec, std::size_t> attentions_;  // how often each was asked for
};

}  // namespace siliconbert
