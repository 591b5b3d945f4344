#include <algorithm>
#include <atomic>
#include <bit>
#include <cmath>
#include <limits>

#include "catch2.hpp"
#include "siliconbert/storage/store.hpp"
#include "siliconbert/transformer/sentence_index.hpp"
#include "siliconbert/transformer/trials.hpp"
#include "small_network.hpp"

using namespace siliconbert;

namespace {

const AdaptivFloat family{8, 4, AdaptivFloatVariant::algorithm1, -16};
const Format format{.family = family, .parameters = {static_cast<std::uint8_t>(family.bias)}};

// A tensor's image with two of three elements kept where the layout has a mask.
CodeImage image_of(const std::string& name, const std::string& layout_name, std::size_t rows,
                   std::size_t columns, const std::vector<float>& values) {
    const bool masked = layout_name == "bitmask";
    const AdaptivFloatCoder coder(family);
    Mask mask{rows, columns, Codes(1, rows * columns)};
    Codes codes(8, values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (masked && i % 3 == 2) continue;
        mask.kept.set(i, 1);
        codes.set(i, coder.encode(values[i]));
    }
    return store(name, mask, codes, parameters(format),
                 {{layout_name}, {{"values", {"any", 3}}, {"mask", {"any", 2}}, {"*", {"any", 1}}}});
}

// Every cell of the named regions is read as another level with probability 1 / every.
class Flips final : public Disturb {
 public:
    Flips(std::vector<std::string> regions, std::uint32_t every)
        : regions_(std::move(regions)), every_(every) {}

    std::vector<Event> events(const CodeImage& image, std::uint64_t seed, std::uint64_t trial,
                              int) const override {
        std::vector<Event> found;
        for (std::uint32_t r = 0; r < image.regions.size(); ++r) {
            const Region& region = image.regions[r];
            if (std::ranges::find(regions_, region.name) == regions_.end()) continue;
            const Draws draws(seed, Stream::fault, image.tensor, region.name, trial);
            for (std::size_t cell = 0; cell < region.cells(); ++cell) {
                const PhiloxCounter draw = draws(static_cast<std::uint32_t>(cell), 0);
                if (draw[0] % every_ != 0) continue;
                const std::uint32_t stored = region.level(cell);
                found.push_back(
                    {r, cell, static_cast<std::uint8_t>(stored), static_cast<std::uint8_t>(stored ^ 1U)});
            }
        }
        return found;
    }

 private:
    std::vector<std::string> regions_;
    std::uint32_t every_;
};

// In every `every`-th sentence and place, the highest bit of the first and of the last value.
class Ends final : public DisturbActivations {
 public:
    explicit Ends(std::uint64_t every) : every_(every) {}
    bool at(std::string_view) const override { return true; }
    void flips(const Passage& passage, const ActivationWord& word, std::size_t count,
               std::vector<Flip>& found) const override {
        found.clear();
        const std::uint64_t where = name_hash(passage.place) + 31 * passage.sentence + 7 * passage.trial;
        if (where % every_ != 0) return;
        const auto bit = static_cast<std::uint32_t>(word.width - 1);
        found.push_back({0, bit});
        if (count > 1) found.push_back({count - 1, bit});
    }

 private:
    std::uint64_t every_;
};

bool same_bits(std::span<const float> a, std::span<const float> b) {
    return std::ranges::equal(a, b, {}, std::bit_cast<std::uint32_t, float>,
                              std::bit_cast<std::uint32_t, float>);
}

Sentences some_sentences() {
    Sentences sentences;
    for (std::uint32_t i = 0; i < 30; ++i) sentences.add(1 + i * 5 % 17, i);
    return sentences;
}

// The small network with one tensor in an image, and what a plain run on a faulty copy gives.
struct Case {
    Network network{small};
    Sentences sentences = some_sentences();
    std::shared_ptr<const Products> products;
    std::string name;
    CodeImage image;
    std::optional<ActivationFormats> activations;

    Case(std::shared_ptr<const Products> back_end, const std::string& tensor, const std::string& layout_name,
         bool adaptivfloat)
        : products(std::move(back_end)), name(tensor) {
        network.quantize();
        const TensorView view = network.tensors.at(name);
        std::vector<float>& values = network.values[name];
        image = image_of(name, layout_name, view.rows, view.columns, values);
        values = StoredTensor(image, format).values;
        network.tensors.add(name, {values, view.rows, view.columns});
        if (adaptivfloat) {
            activations = formats_for(
                Encoder(products, small, network.tensors, std::nullopt).calibrate(sentences.batch(), 1));
        }
    }

    Encoder encoder() const { return {products, small, network.tensors, activations}; }

    std::vector<float> plain(const Disturb& fault, std::uint64_t trial) const {
        CodeImage faulty = image;
        apply_events(faulty, fault.events(image, 5, trial, 1));
        const StoredTensor read(faulty, format);
        Tensors tensors = network.tensors;
        tensors.add(name, {read.values, image.rows, image.columns});
        return trace(Encoder(products, small, tensors, activations), sentences.batch(), 1);
    }

    TrialsSpec spec(const Disturb& fault, bool reuse = true) const {
        return {encoder(), sentences.batch(), 5, Memory{image, format, network.tensors, fault}, nullptr,
                reuse};
    }
};

// The whole trace after a trial: the clean one with what ran again put in.
std::vector<float> whole(const TrialResult& result, std::vector<float> clean, std::size_t sentences) {
    const std::size_t width = clean.size() / sentences;
    for (std::size_t i = 0; i < result.sentences.size(); ++i) {
        std::copy_n(result.logits.begin() + static_cast<std::ptrdiff_t>(i * width), width,
                    clean.begin() + static_cast<std::ptrdiff_t>(result.sentences[i] * width));
    }
    return clean;
}

const std::vector<std::vector<std::string>> region_sets{
    {"values"}, {"mask"}, {"parameters"}, {"values", "mask", "parameters"}};

}  // namespace

TEST_CASE("a faulty tensor reads like a copy of the image, and is the clean one afterwards") {
    const std::vector<float> values = random_values(40 * 24, 3);
    for (const std::string layout_name : {"bitmask", "dense"}) {
        const StoredTensor clean(image_of("w", layout_name, 40, 24, values), format);
        FaultyTensor faulty(clean);
        for (const auto& regions : region_sets) {
            for (std::uint64_t trial = 0; trial < 8; ++trial) {
                const auto events = Flips(regions, trial % 2 == 0 ? 7 : 300).events(clean.image, 1, trial, 1);
                CodeImage copy = clean.image;
                apply_events(copy, events);
                const StoredTensor expected(copy, format);
                const auto rows = faulty.read(events);
                REQUIRE(same_bits(faulty.values(), expected.values));
                for (std::uint32_t r = 0; r < 40; ++r) {
                    const auto row = [&](const std::vector<float>& all) {
                        return std::span(all).subspan(r * 24, 24);
                    };
                    const bool differs = !same_bits(row(expected.values), row(clean.values));
                    REQUIRE(std::ranges::binary_search(rows, r) == differs);
                }
                faulty.undo(events);
                REQUIRE(same_bits(faulty.values(), clean.values));
                REQUIRE(faulty.image() == clean.image);
            }
        }
    }
}

TEST_CASE("trials have the bits of plain runs on faulty copies, at any thread count") {
    for (const auto& products : back_ends()) {
        for (const std::string name :
             {"embeddings.word", "embeddings.position", "embeddings.type", "embeddings.projection.weight",
              "layers.0.key.weight", "layers.1.up.weight", "ramps.2.pooler.weight",
              "main.classifier.weight"}) {
            const Case tested(products, name, name == "embeddings.type" ? "dense" : "bitmask", true);
            const std::vector<float> clean = trace(tested.encoder(), tested.sentences.batch(), 1);
            const Flips fault({"values", "mask", "parameters"}, name == "embeddings.word" ? 400 : 150);
            const std::vector<std::uint64_t> numbers{3, 0, 11, 4, 8};
            INFO(products->name() << " " << name);
            Trials trials(tested.spec(fault));
            const auto first = trials.run(numbers, 1);
            for (std::size_t t = 0; t < numbers.size(); ++t) {
                REQUIRE(same_bits(whole(first[t], clean, 30), tested.plain(fault, numbers[t])));
            }
            for (const int threads : {2, 3, 7}) {
                const auto again = trials.run(numbers, threads);
                for (std::size_t t = 0; t < numbers.size(); ++t) {
                    REQUIRE(again[t].sentences == first[t].sentences);
                    REQUIRE(again[t].events == first[t].events);
                    REQUIRE(same_bits(again[t].logits, first[t].logits));
                }
            }
        }
    }
}

TEST_CASE("without reuse every sentence runs and nothing else differs") {
    const Case tested(eigen_products(), "embeddings.word", "bitmask", false);
    const std::vector<float> clean = trace(tested.encoder(), tested.sentences.batch(), 1);
    const Flips fault({"values"}, 500);
    Trials reusing(tested.spec(fault));
    Trials plain(tested.spec(fault, false));
    const std::vector<std::uint64_t> numbers{0, 1, 2};
    const auto some = reusing.run(numbers, 2);
    const auto all = plain.run(numbers, 2);
    for (std::size_t t = 0; t < numbers.size(); ++t) {
        CHECK(all[t].sentences.size() == 30);
        CHECK(some[t].sentences.size() < 30);
        CHECK(same_bits(whole(some[t], clean, 30), all[t].logits));
    }
}

TEST_CASE("a trial without events runs nothing") {
    const Case tested(eigen_products(), "layers.0.up.weight", "dense", false);
    const Flips fault({"mask"}, 1);
    const std::vector<std::uint64_t> numbers{0, 1};
    for (const TrialResult& result : Trials(tested.spec(fault)).run(numbers, 1)) {
        CHECK(result.sentences.empty());
        CHECK(result.events == std::vector<std::uint64_t>{0, 0});
    }
}

TEST_CASE("a call that is ended leaves nothing behind") {
    const Case tested(eigen_products(), "embeddings.word", "bitmask", false);
    const Flips fault({"values"}, 50);
    Trials trials(tested.spec(fault));
    const std::vector<std::uint64_t> numbers{0, 1, 2, 3};
    const auto before = trials.run(numbers, 2);
    struct Stop {};
    std::atomic<int> polls = 0;
    const Poll end = [&] {
        if (++polls > 5) throw Stop();
    };
    CHECK_THROWS_AS(trials.run(numbers, 2, end), Stop);
    const auto after = trials.run(numbers, 2);
    for (std::size_t t = 0; t < numbers.size(); ++t) {
        CHECK(same_bits(after[t].logits, before[t].logits));
    }
}

TEST_CASE("disturbed activations have the bits of a plain run, in any company and at any thread count") {
    const Flips nothing({}, 1);
    for (const auto& products : back_ends()) {
        for (const bool adaptivfloat : {false, true}) {
            const Case tested(products, "embeddings.word", "dense", adaptivfloat);
            const Encoder encoder = tested.encoder();
            const Batch batch = tested.sentences.batch();
            const std::vector<float> clean = trace(encoder, batch, 1);
            for (const std::uint64_t every : {1, 300}) {
                const Ends fault(every);
                TrialsSpec spec = tested.spec(nothing);
                spec.activations = &fault;
                Trials trials(spec);
                const std::vector<std::uint64_t> numbers{2, 0, 5};
                for (const int threads : {1, 2, 7}) {
                    const auto results = trials.run(numbers, threads);
                    for (std::size_t t = 0; t < numbers.size(); ++t) {
                        const Flight flight{fault, spec.seed, numbers[t]};
                        std::vector<float> plain(clean.size());
                        encoder.trace(batch, 0, batch.sentences(), threads, plain, {}, &flight);
                        REQUIRE(same_bits(whole(results[t], clean, 30), plain));
                        REQUIRE_FALSE(same_bits(plain, clean));
                        REQUIRE((results[t].sentences.size() == 30) == (every == 1));
                        REQUIRE(results[t].flips >= results[t].sentences.size());
                    }
                }
            }
        }
    }
}

TEST_CASE("the index finds the sentences that read a row") {
    const std::vector<std::int32_t> ids{7, 3, 7, 1, 3};
    const std::vector<std::int32_t> types{0, 0, 1, 0, 0};
    const std::vector<std::int64_t> offsets{0, 3, 4, 5};
    const Batch batch{ids, types, offsets};
    using Numbers = std::vector<std::uint32_t>;
    const auto reading = [&](const char* tensor, const Numbers& rows) {
        return SentenceIndex(batch, tensor, small).reading(rows);
    };
    CHECK(reading("embeddings.word", {3}) == Numbers{0, 2});
    CHECK(reading("embeddings.word", {1, 7}) == Numbers{0, 1});
    CHECK(reading("embeddings.word", {0, 8, 50}).empty());
    CHECK(reading("embeddings.type", {1}) == Numbers{0});
    CHECK(reading("embeddings.position", {1, 2}) == Numbers{0});
    CHECK(reading("layers.0.up.weight", {5}) == Numbers{0, 1, 2});
    CHECK(reading("layers.0.up.weight", {}).empty());
}

TEST_CASE("infinite and undefined weights reach the logits of the sentences that read them, no others") {
    const float bad[]{std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()};
    for (const auto& products : back_ends()) {
        for (const bool adaptivfloat : {false, true}) {
            const Case tested(products, "embeddings.word", "dense", adaptivfloat);
            const Encoder encoder = tested.encoder();
            INFO(encoder.path());
            const std::vector<float> clean = trace(encoder, tested.sentences.batch(), 1);
            const auto row = static_cast<std::uint32_t>(tested.sentences.ids[3]);
            const auto reading =
                SentenceIndex(tested.sentences.batch(), "embeddings.word", small).reading(std::span(&row, 1));
            REQUIRE(reading.size() < 30);
            for (const float value : bad) {
                std::vector<float> table = tested.network.values.at("embeddings.word");
                table[row * small.embedding + 1] = value;
                const std::vector<float> logits = trace(encoder.over(table), tested.sentences.batch(), 2);
                const std::size_t width = logits.size() / 30;
                for (std::uint32_t i = 0; i < 30; ++i) {
                    const auto of = [&](const std::vector<float>& all) {
                        return std::span(all).subspan(i * width, width);
                    };
                    const bool reads = std::ranges::binary_search(reading, i);
                    const auto finite = [](float x) { return std::isfinite(x); };
                    if (reads) REQUIRE(std::ranges::none_of(of(logits), finite));
                    if (!reads) REQUIRE(same_bits(of(logits), of(clean)));
                }
            }
            Tensors tensors = tested.network.tensors;
            std::vector<float> matrix = tested.network.values.at("layers.0.output.weight");
            matrix[5] = bad[1];
            tensors.add("layers.0.output.weight", {matrix, small.hidden, small.hidden});
            const Encoder broken = encoder.with_tensor(tensors, "layers.0.output.weight");
            for (const float x : trace(broken, tested.sentences.batch(), 1)) REQUIRE(std::isnan(x));
        }
    }
}
