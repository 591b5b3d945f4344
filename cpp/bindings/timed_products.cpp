#include "timed_products.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <functional>
#include <numeric>
#include <vector>

#include "siliconbert/base/ceil_divide.hpp"
#include "siliconbert/base/check.hpp"
#include "siliconbert/base/parallel.hpp"
#include "siliconbert/transformer/aligned.hpp"
#include "siliconbert/transformer/integer/products.hpp"
#include "transformer.hpp"

namespace siliconbert {

namespace {

const char* name_of(Activation activation) {
    switch (activation) {
        case Activation::none:
            return "";
        case Activation::relu:
            return " relu";
        case Activation::gelu:
            return " gelu";
        case Activation::gelu_new:
            return " gelu_new";
        case Activation::tanh:
            return " tanh";
    }
    return "";
}

std::string kind_of(const LinearSpec& spec) { return say(spec.in, "x", spec.out, name_of(spec.activation)); }

double operations_of(const LinearSpec& spec) {
    return 2.0 * static_cast<double>(spec.rows) * static_cast<double>(spec.in) *
           static_cast<double>(spec.out);
}

// Of either product.
double operations_of(const AttentionSpec& spec) {
    return 2.0 * static_cast<double>(spec.heads * spec.queries) * static_cast<double>(spec.keys) *
           static_cast<double>(spec.head_width);
}

class TimedLinear final : public Linear {
 public:
    TimedLinear(std::unique_ptr<Linear> timed, std::shared_ptr<Clocks> clocks, const LinearSpec& spec)
        : timed_(std::move(timed)),
          clocks_(std::move(clocks)),
          kind_(kind_of(spec)),
          operations_(operations_of(spec)) {}

    void apply(const void* x, float* y) const override {
        const double start = Clocks::now();
        timed_->apply(x, y);
        clocks_->add(kind_, operations_, start, Clocks::now());
    }

 private:
    std::unique_ptr<Linear> timed_;
    std::shared_ptr<Clocks> clocks_;
    std::string kind_;
    double operations_;
};

class TimedAttention final : public AttentionProducts {
 public:
    TimedAttention(std::shared_ptr<const AttentionProducts> timed, std::shared_ptr<Clocks> clocks,
                   const AttentionSpec& spec)
        : timed_(std::move(timed)), clocks_(std::move(clocks)), operations_(operations_of(spec)) {}

    void scores(const void* q, const void* k, float* scores) const override {
        const double start = Clocks::now();
        timed_->scores(q, k, scores);
        clocks_->add("scores", operations_, start, Clocks::now());
    }

    void context(const void* probabilities, const void* v, float* context) const override {
        const double start = Clocks::now();
        timed_->context(probabilities, v, context);
        clocks_->add("context", operations_, start, Clocks::now());
    }

 private:
    std::shared_ptr<const AttentionProducts> timed_;
    std::shared_ptr<Clocks> clocks_;
    double operations_;
};

// Values of a product's side, all one half.
class Operand {
 public:
    Operand(std::size_t count, Number number)
        : fp32_(number == Number::fp32 ? count : 0, 0.5F), bf16_(number == Number::bf16 ? count : 0, half) {}
    const void* data() const {
        return bf16_.empty() ? static_cast<const void*>(fp32_.data())
                             : static_cast<const void*>(bf16_.data());
    }

 private:
    static constexpr std::uint16_t half = 0x3f00;
    Buffer<float> fp32_;
    Buffer<std::uint16_t> bf16_;
};

// Seconds of one call: the median of several rounds that take a moment each.
double seconds_a_call(const std::function<void()>& call) {
    constexpr double moment = 2e-3;
    const auto round = [&](std::size_t calls) {
        const double start = Clocks::now();
        for (std::size_t i = 0; i < calls; ++i) call();
        return (Clocks::now() - start) / static_cast<double>(calls);
    };
    call();
    const auto calls = static_cast<std::size_t>(std::clamp(moment / round(1), 1.0, 1e4));
    std::array<double, 7> rounds{};
    for (double& took : rounds) took = round(calls);
    std::ranges::nth_element(rounds, rounds.begin() + rounds.size() / 2);
    return rounds[rounds.size() / 2];
}

// The mean of the threads, each of which calls its own.
double on_all(int threads, const std::function<std::function<void()>()>& make) {
    const OneThreadACall guard;
    std::vector<double> seconds(static_cast<std::size_t>(thread_count(threads)));
    parallel_for(seconds.size(), threads, [&](std::size_t t) { seconds[t] = seconds_a_call(make()); });
    return std::accumulate(seconds.begin(), seconds.end(), 0.0) / static_cast<double>(seconds.size());
}

double linear_alone(const Products& products, LinearSpec spec, int threads, bool bare) {
    const std::vector<float> weight(spec.in * spec.out, 0.5F), bias(spec.out, 0.0F);
    spec.weight = weight;
    spec.bias = bias;
    if (bare) spec.activation = Activation::none;
    const std::shared_ptr<const Linear> linear = products.linear(spec);
    return on_all(threads, [&] {
        return [linear, x = Operand(spec.rows * spec.in, spec.number),
                y = Buffer<float>(spec.rows * spec.out)]() mutable { linear->apply(x.data(), y.data()); };
    });
}

// Of scores and of context.
std::pair<double, double> attention_alone(const Products& products, const AttentionSpec& spec, int threads) {
    const auto attention = products.attention(spec);
    const std::size_t rows = std::max(spec.queries, spec.keys);
    const Operand heads(rows * spec.stride, spec.number);
    const Operand probabilities(spec.heads * spec.queries * spec.keys, spec.number);
    const auto score = [&] {
        return [&, out = Buffer<float>(spec.heads * spec.queries * spec.keys)]() mutable {
            attention->scores(heads.data(), heads.data(), out.data());
        };
    };
    const auto mix = [&] {
        return [&, out = Buffer<float>(spec.queries * spec.heads * spec.head_width)]() mutable {
            attention->context(probabilities.data(), heads.data(), out.data());
        };
    };
    return {on_all(threads, score), on_all(threads, mix)};
}

double integer_linear_alone(const IntegerProducts& products, std::size_t in, std::size_t out, int threads) {
    const std::vector<std::int8_t> weight(in * out, 1);
    const std::shared_ptr<const IntegerLinear> linear = products.linear(weight, in, out);
    return on_all(threads, [&] {
        return [linear, chunks = ceil_divide(out, column_chunk),
                x = Buffer<std::int8_t>(integer_row_block * in, std::int8_t{1}),
                sums = Buffer<std::int32_t>(integer_row_block * column_chunk)]() mutable {
            for (std::size_t c = 0; c < chunks; ++c) {
                linear->apply(x.data(), integer_row_block, c, sums.data());
            }
        };
    });
}

}  // namespace

double Clocks::now() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

void Clocks::add(const std::string& kind, double operations, double start, double end) {
    const std::lock_guard lock(mutex_);
    Clocked& clocked = kinds_[kind];
    ++clocked.calls;
    clocked.operations += operations;
    clocked.seconds += end - start;
    const auto last = last_.find(std::this_thread::get_id());
    if (last != last_.end()) between_[{last->second.kind, kind}] += start - last->second.end;
    last_[std::this_thread::get_id()] = {kind, end};
}

void Clocks::reset() {
    const std::lock_guard lock(mutex_);
    kinds_.clear();
    between_.clear();
    last_.clear();
}

std::map<std::string, Clocked> Clocks::kinds() const {
    const std::lock_guard lock(mutex_);
    return kinds_;
}

std::map<std::pair<std::string, std::string>, double> Clocks::between() const {
    const std::lock_guard lock(mutex_);
    return between_;
}

std::unique_ptr<Linear> TimedProducts::linear(const LinearSpec& spec) const {
    const std::lock_guard lock(mutex_);
    LinearSpec& kept = linears_[kind_of(spec)] = spec;
    kept.weight = kept.bias = {};
    return std::make_unique<TimedLinear>(timed_->linear(spec), clocks_, spec);
}

std::shared_ptr<const AttentionProducts> TimedProducts::attention(const AttentionSpec& spec) const {
    const std::lock_guard lock(mutex_);
    ++attentions_[spec];
    return std::make_shared<TimedAttention>(timed_->attention(spec), clocks_, spec);
}

void TimedProducts::reset() const {
    clocks_->reset();
    const std::lock_guard lock(mutex_);
    attentions_.clear();
}

std::map<std::string, double> TimedProducts::alone(int threads, bool bare) const {
    std::map<std::string, double> found;
    for (const auto& [kind, clocked] : clocks_->kinds()) {
        const auto spec = linears_.find(kind);
        if (spec == linears_.end()) continue;
        const double each = linear_alone(*library_, spec->second, threads, bare);
        found[kind] = each * static_cast<double>(clocked.calls);
    }
    for (const auto& [spec, calls] : attentions_) {
        const auto [scores, context] = attention_alone(*library_, spec, threads);
        found["scores"] += scores * static_cast<double>(calls);
        found["context"] += context * static_cast<double>(calls);
    }
    return found;
}

void bind_timed_products(py::module_& transformer) {
    py::class_<Clocked>(transformer, "Clocked")
        .def_readonly("calls", &Clocked::calls)
        .def_readonly("operations", &Clocked::operations)
        .def_readonly("seconds", &Clocked::seconds);
    py::class_<TimedProducts, Products, std::shared_ptr<TimedProducts>>(transformer, "TimedProducts")
        .def(py::init([](std::shared_ptr<Products> timed, std::shared_ptr<Products> library) {
                 return std::make_shared<TimedProducts>(std::move(timed), std::move(library));
             }),
             py::arg("timed"), py::arg("library"))
        .def("reset", &TimedProducts::reset)
        .def_property_readonly("kinds", [](const TimedProducts& timed) { return timed.clocks().kinds(); })
        .def_property_readonly("between", [](const TimedProducts& timed) { return timed.clocks().between(); })
        .def("alone", &TimedProducts::alone, py::arg("threads"), py::arg("bare"),
             py::call_guard<py::gil_scoped_release>());
    transformer.def("integer_linear_alone", &integer_linear_alone, py::arg("products"), py::arg("inputs"),
                    py::arg("outputs"), py::arg("threads"), py::call_guard<py::gil_scoped_release>());
}

}  // namespace siliconbert
