#include <set>

#include "catch2.hpp"
#include "siliconbert/faults/activation.hpp"
#include "siliconbert/faults/names.hpp"

using namespace siliconbert;

namespace {

std::vector<Flip> flips(const DisturbActivations& fault, const Passage& passage, std::size_t count,
                        const ActivationWord& word = {}) {
    std::vector<Flip> found{{77, 7}};
    fault.flips(passage, word, count, found);
    return found;
}

const ActivationWord eight{8, {{"sign", {7}}, {"exponent", {6, 5, 4, 3}}, {"mantissa", {2, 1, 0}}}};

}  // namespace

TEST_CASE("a name takes its parts, a star any one part") {
    CHECK(names_part("values", "values"));
    CHECK(names_part("values", "values.sign"));
    CHECK(names_part("layer.*.ffn", "layer.3.ffn.output"));
    CHECK(names_part("*", "layer.3"));
    CHECK_FALSE(names_part("value", "values"));
    CHECK_FALSE(names_part("values.sign", "values"));
    CHECK_FALSE(names_part("layer.1", "layer.11"));
    CHECK_FALSE(names_part("*.ffn", "layer.3.ffn"));
}

TEST_CASE("activation flips: rates 0 and 1, fields, places") {
    const Passage here{"layer.3.ffn", 1, 2, 3};
    CHECK(flips(ActivationFlip(0, {}, {}), here, 10).empty());
    CHECK_FALSE(ActivationFlip(0, {}, {}).at("layer.3.ffn"));
    CHECK(flips(ActivationFlip(1, {}, {}), here, 10).size() == 320);
    CHECK(flips(ActivationFlip(1, {}, {"sign"}), here, 2, eight) == (std::vector<Flip>{{0, 7}, {1, 7}}));
    CHECK(flips(ActivationFlip(1, {}, {"mantissa", "sign"}), here, 1, eight) ==
          (std::vector<Flip>{{0, 0}, {0, 1}, {0, 2}, {0, 7}}));
    CHECK(flips(ActivationFlip(1, {}, {"exponent"}), here, 1, {4, {{"mantissa", {3, 2, 1, 0}}}}).empty());
    CHECK(flips(ActivationFlip(1, {"layer.*.ffn"}, {}), here, 1).size() == 32);
    CHECK(flips(ActivationFlip(1, {"layer.2", "classifier"}, {}), here, 1).empty());
    CHECK_THROWS_WITH(ActivationFlip(-1, {}, {}), ContainsSubstring("rate must be in 0..1, got -1"));
}

TEST_CASE("activation flips: a function of seed, place, trial and sentence; the rate holds; no bit twice") {
    const ActivationFlip fault(1e-3, {}, {});
    const auto first = flips(fault, {"a", 1, 2, 3}, 100000);
    CHECK(flips(fault, {"a", 1, 2, 3}, 100000) == first);
    CHECK(flips(fault, {"b", 1, 2, 3}, 100000) != first);
    CHECK(flips(fault, {"a", 2, 2, 3}, 100000) != first);
    CHECK(flips(fault, {"a", 1, 3, 3}, 100000) != first);
    CHECK(flips(fault, {"a", 1, 2, 4}, 100000) != first);
    CHECK(std::abs(static_cast<double>(first.size()) - 3200) < 5 * std::sqrt(3200.0));  // five sigma
    for (std::size_t i = 1; i < first.size(); ++i) {
        CHECK(std::pair{first[i - 1].element, first[i - 1].bit} < std::pair{first[i].element, first[i].bit});
    }
    std::size_t rare = 0;
    std::set<std::uint64_t> elements;
    for (std::uint32_t sentence = 0; sentence < 200000; ++sentence) {
        for (const Flip& flip : flips(ActivationFlip(1e-4, {}, {}), {"a", 1, 0, sentence}, 10)) {
            ++rare;
            elements.insert(flip.element);
        }
    }
    CHECK(std::abs(static_cast<double>(rare) - 6400) < 5 * std::sqrt(6400.0));
    CHECK(elements.size() == 10);
}

TEST_CASE("mixed activation flips: independent parts; two flips of a bit cancel") {
    const auto half =
        std::make_shared<ActivationFlip>(0.5, std::vector<std::string>{}, std::vector<std::string>{});
    const auto all =
        std::make_shared<ActivationFlip>(1, std::vector<std::string>{}, std::vector<std::string>{});
    const auto there =
        std::make_shared<ActivationFlip>(1, std::vector<std::string>{"b"}, std::vector<std::string>{});
    const Passage here{"a", 1, 2, 3};
    CHECK(flips(MixedActivations({all, all}), here, 10).empty());
    CHECK(flips(MixedActivations({half}), here, 1000) == flips(*half, here, 1000));
    const auto both = static_cast<double>(flips(MixedActivations({half, half}), here, 1000).size());
    CHECK(std::abs(both - 16000) < 5 * std::sqrt(8000.0));
    CHECK(MixedActivations({there}).at("b.c"));
    CHECK_FALSE(MixedActivations({there}).at("a"));
}
