#include <map>
#include <set>

#include "catch2.hpp"
#include "siliconbert/faults/flip.hpp"
#include "siliconbert/faults/misread.hpp"
#include "siliconbert/faults/mixed.hpp"
#include "siliconbert/faults/truncated.hpp"

using namespace siliconbert;

namespace {

const Fields eight{{"sign", {7}}, {"exponent", {6, 5, 4, 3}}, {"mantissa", {2, 1, 0}}};

// Eight-bit values in cells of these bits, and a mask of single bits.
CodeImage image(std::size_t codes, std::vector<int> cell_bits, const std::string& tensor = "w",
                bool gray = false) {
    Region values{"values", Codes(8, codes), {"cell", {7, 2, 1, 0, 6, 5, 4, 3}, std::move(cell_bits), eight}};
    values.map.gray = gray;
    for (std::size_t i = 0; i < codes; ++i) values.codes.set(i, static_cast<std::uint32_t>(i * 151 % 256));
    Region mask{"mask", Codes(1, codes), {"cell", {0}, {1}}};
    for (std::size_t i = 0; i < codes; ++i) mask.codes.set(i, i % 3 == 0);
    return {tensor, codes, 1, {values, mask}};
}

// Stored bits that differ, by (region, position in the code).
std::map<std::pair<std::size_t, int>, std::size_t> changed_bits(const CodeImage& a, const CodeImage& b) {
    std::map<std::pair<std::size_t, int>, std::size_t> counts;
    for (std::size_t r = 0; r < a.regions.size(); ++r) {
        const Codes& x = a.regions[r].codes;
        for (std::size_t i = 0; i < x.count(); ++i) {
            const std::uint32_t differs = x.at(i) ^ b.regions[r].codes.at(i);
            for (int bit = 0; bit < x.width(); ++bit) counts[{r, bit}] += differs >> bit & 1U;
        }
    }
    return counts;
}

std::map<std::pair<std::size_t, int>, std::size_t> run(const Disturb& fault, const CodeImage& stored,
                                                       std::uint64_t trial = 0) {
    CodeImage bad = stored;
    apply_events(bad, fault.events(stored, 1, trial, 1));
    return changed_bits(stored, bad);
}

std::size_t sum(const std::map<std::pair<std::size_t, int>, std::size_t>& counts) {
    std::size_t total = 0;
    for (const auto& [place, count] : counts) total += count;
    return total;
}

Transitions two_levels(double p) { return {2, {1 - p, p, p, 1 - p}}; }

}  // namespace

TEST_CASE("bit flips: rates 0 and 1 are exact, in every cell, plain and Gray") {
    for (const bool gray : {false, true}) {
        for (const std::vector<int>& cells : {std::vector<int>(8, 1), {2, 2, 2, 2}, {3, 3, 2}, {8}}) {
            const CodeImage stored = image(1000, cells, "w", gray);
            CHECK(BitFlip(0, {}).events(stored, 1, 0, 1).empty());
            CHECK(sum(run(BitFlip(1, {}), stored)) == 9000);
            CHECK(BitFlip(1, {}).events(stored, 1, 0, 1).size() == 1000 * (cells.size() + 1));
            CHECK(sum(run(BitFlipCount(9000, {}), stored)) == 9000);
            CHECK(BitFlipCount(0, {}).events(stored, 1, 0, 1).empty());
            for (const bool value : {false, true}) {
                CodeImage bad = stored;
                apply_events(bad, StuckAt(1, value, {}).events(stored, 1, 0, 1));
                for (std::size_t i = 0; i < 1000; ++i) {
                    CHECK(bad.regions[0].codes.at(i) == (value ? 255U : 0U));
                    CHECK(bad.regions[1].codes.at(i) == (value ? 1U : 0U));
                }
            }
        }
    }
}

TEST_CASE("bit flips reach only the chosen bits") {
    const CodeImage stored = image(1000, {3, 3, 2});
    const auto only = [&](const BitChoice& choice, std::size_t region, std::set<int> bits) {
        for (const auto& [place, count] : run(BitFlip(1, choice), stored)) {
            const bool here = place.first == region && bits.contains(place.second);
            CHECK(count == (here ? 1000U : 0U));
        }
    };
    only({{}, {"sign"}, {}}, 0, {7});
    only({{}, {"exponent", "mantissa"}, {}}, 0, {0, 1, 2, 3, 4, 5, 6});
    only({{}, {}, {0, 7}}, 0, {0, 7});
    only({{"mask"}, {}, {}}, 1, {0});
    only({{"values"}, {}, {}}, 0, {0, 1, 2, 3, 4, 5, 6, 7});
    CHECK_THROWS_WITH(run(BitFlip(1, {{"index"}, {}, {}}), stored),
                      ContainsSubstring("regions must be among values, mask; got 'index'"));
    CHECK_THROWS_WITH(run(BitFlip(1, {{"mask"}, {"sign"}, {}}), stored),
                      ContainsSubstring("must choose a stored bit"));
    CHECK_THROWS_WITH(run(BitFlipCount(1001, {{"mask"}, {}, {}}), stored),
                      ContainsSubstring("at most the 1000 chosen bits, got 1001"));
    CHECK_THROWS_WITH(BitFlip(1.5, {}), ContainsSubstring("rate must be in 0..1"));
}

TEST_CASE("planes: positions are those of the value") {
    Region sign{"values.sign", Codes(1, 100), {"cell", {0}, {1}, {{"sign", {0}}}}, {7}};
    Region rest{
        "values.mantissa", Codes(3, 100), {"cell", {2, 1, 0}, {2, 1}, {{"mantissa", {2, 1, 0}}}}, {0, 1, 2}};
    const CodeImage stored{"w", 100, 1, {sign, rest}};
    CHECK(run(BitFlip(1, {{}, {}, {7}}), stored) ==
          (std::map<std::pair<std::size_t, int>, std::size_t>{
              {{0, 0}, 100}, {{1, 0}, 0}, {{1, 1}, 0}, {{1, 2}, 0}}));
    CHECK(sum(run(BitFlip(1, {{}, {}, {0, 2}}), stored)) == 200);
    CHECK(sum(run(BitFlip(1, {{}, {"mantissa"}, {}}), stored)) == 300);
    CHECK(sum(run(BitFlip(1, {{"values"}, {}, {}}), stored)) == 400);
}

TEST_CASE("flips of bits and blocks are equally likely (chi-square)") {
    // 300,000 codes: two full blocks of 131,072 and a short one; 20 trials.
    const CodeImage stored = image(300000, {3, 3, 2});
    const int trials = 20;
    std::map<std::pair<std::size_t, int>, std::size_t> by_bit;
    std::vector<double> by_part(60);  // parts of 5,000 codes
    const BitFlip fault(1e-3, {{"values"}, {}, {}});
    for (std::uint64_t trial = 0; trial < trials; ++trial) {
        for (const auto& [place, count] : run(fault, stored, trial)) by_bit[place] += count;
        for (const Event& event : fault.events(stored, 1, trial, 1)) ++by_part[event.cell / 3 / 5000];
    }
    double bits = 0;
    for (int bit = 0; bit < 8; ++bit) {
        const double mean = trials * 300000 * 1e-3;
        const double off = static_cast<double>(by_bit[{0, bit}]) - mean;
        bits += off * off / (mean * (1 - 1e-3));
    }
    CHECK(std::abs(bits - 8) < 5 * std::sqrt(2 * 8));  // mean k, variance 2k: five sigma
    const double mean = trials * expected(fault, stored)[0] / 60;
    double parts = 0;
    for (const double count : by_part) parts += (count - mean) * (count - mean) / mean;
    CHECK(std::abs(parts - 60) < 5 * std::sqrt(2 * 60));
}

TEST_CASE("the first and the last bit of a region and of a block can flip") {
    const CodeImage stored = image(131073, {8});
    const std::set<std::uint64_t> ends{0, 131071, 131072};
    for (const BitChoice& choice : {BitChoice{{}, {}, {0}}, BitChoice{{"mask"}, {}, {}}}) {
        std::set<std::uint64_t> hit;
        for (std::uint64_t trial = 0; trial < 60; ++trial) {
            for (const Event& event : BitFlip(0.3, choice).events(stored, 1, trial, 1)) {
                if (ends.contains(event.cell)) hit.insert(event.cell);
            }
        }
        CHECK(hit == ends);  // each is missed by 60 draws with probability 0.7^60 = 5e-10
    }
}

TEST_CASE("regions, tensors, seeds and trials flip independently: they share rate^2 of the positions") {
    const CodeImage stored = image(100000, std::vector<int>(8, 1));
    const BitFlip fault(0.1, {});
    const auto hits = [&](const CodeImage& from, std::uint32_t region, std::uint64_t seed,
                          std::uint64_t trial) {
        std::set<std::uint64_t> found;
        for (const Event& event : fault.events(from, seed, trial, 1)) {
            if (event.region == region && event.cell < 100000) found.insert(event.cell);
        }
        return found;
    };
    const auto here = hits(stored, 0, 1, 1);
    const CodeImage other = image(100000, std::vector<int>(8, 1), "v");
    for (const auto& there :
         {hits(stored, 1, 1, 1), hits(other, 0, 1, 1), hits(stored, 0, 2, 1), hits(stored, 0, 1, 2),
          hits(stored, 0, 1ULL << 32, 1), hits(stored, 0, 1, 1ULL << 32)}) {
        double both = 0;
        for (const std::uint64_t cell : there) both += here.contains(cell);
        CHECK(std::abs(both - 1000) < 5 * std::sqrt(990.0));
    }
}

TEST_CASE("the number of flips is binomial: mean and dispersion") {
    const CodeImage stored = image(2000, std::vector<int>(8, 1));
    for (const double rate : {1e-12, 1e-4, 0.05, 0.5}) {
        const BitFlip fault(rate, {});
        const double mean = 18000 * rate;
        CHECK(expected(fault, stored)[0] + expected(fault, stored)[1] == Approx(mean));
        double sum = 0, squares = 0;
        const int trials = 1000;
        for (std::uint64_t trial = 0; trial < trials; ++trial) {
            const auto n = static_cast<double>(fault.events(stored, 5, trial, 1).size());
            sum += n;
            squares += (n - mean) * (n - mean);
        }
        const double variance = mean * (1 - rate);
        // Five sigma of the sum and of the variance (normal counts: relative error sqrt(2 / trials)).
        CHECK(std::abs(sum - trials * mean) < 5 * std::sqrt(trials * variance) + 1e-3);
        if (mean > 100) CHECK(squares / trials / variance == Approx(1).margin(5 * std::sqrt(2.0 / trials)));
    }
}

TEST_CASE("far fewer than one flip a trial: a million trials are a Poisson process") {
#ifdef NDEBUG
    const double trials = 1e6;
#else
    const double trials = 1e5;  // sanitised builds are slow
#endif
    const CodeImage stored = image(125000, std::vector<int>(8, 1));  // a million bits of values
    const BitFlip flip(1e-9, {{"values"}, {}, {}});
    const CellMisread misread({{"cell", {{1, two_levels(1e-9)}}}});
    std::size_t flips = 0, misreads = 0;
    std::vector<std::size_t> blocks(2);
    for (std::uint64_t trial = 0; static_cast<double>(trial) < trials; ++trial) {
        const auto events = flip.events(stored, 3, trial, 1);
        flips += events.size();
        for (const Event& event : events) ++blocks[event.cell / 500000];
        misreads += misread.events(stored, 3, trial, 1).size();
    }
    // Five sigma: a right program fails once in 1.7 million seeds.
    const double mean = trials * 1e-3;
    CHECK(std::abs(static_cast<double>(flips) - mean) < 5 * std::sqrt(mean));
    CHECK(std::abs(static_cast<double>(misreads) - 1.125 * mean) < 5 * std::sqrt(1.125 * mean));
    CHECK(std::abs(static_cast<double>(blocks[0]) - static_cast<double>(blocks[1])) < 5 * std::sqrt(mean));
}

TEST_CASE("an exact count: always so many different bits, each equally likely, first and last in reach") {
    const CodeImage stored = image(100, {2, 2, 2, 2});  // 800 + 100 bits
    std::map<std::pair<std::size_t, std::uint64_t>, std::size_t> hits;
    const BitFlipCount fault(9, {});
    const std::size_t trials = 20000;
    for (std::uint64_t trial = 0; trial < trials; ++trial) {
        std::size_t bits = 0;
        for (const Event& event : fault.events(stored, 1, trial, 1)) {
            for (std::uint32_t changed = event.stored ^ event.read; changed != 0; changed &= changed - 1)
                ++bits;
            ++hits[{event.region, event.cell}];
        }
        REQUIRE(bits == 9);
    }
    // 400 cells of two bits, 100 of one; variance below the binomial one.
    double chi_square = 0;
    for (const auto& [place, count] : hits) {
        const double p = place.first == 0 ? 2 * 0.01 - 0.01 * 8 / 899 : 0.01;
        const double mean = static_cast<double>(trials) * p;
        const double off = static_cast<double>(count) - mean;
        chi_square += off * off / (mean * (1 - p));
    }
    CHECK(hits.size() == 500);
    CHECK(std::abs(chi_square - 500) < 5 * std::sqrt(2 * 500.0));
    CHECK(expected(fault, stored)[1] == Approx(1));
    CHECK(expected(fault, stored)[0] == Approx(400 * (2 * 0.01 - 0.01 * 8 / 899)));
    CHECK(sum(run(BitFlipCount(700, {}), stored)) == 700);  // more than half: those that stay are drawn
}

TEST_CASE("level pairs of every fault follow its transitions (chi-square)") {
    const CodeImage stored = image(30000, {3, 3, 2}, "w", true);
    Transitions two{4, {.9, .1, 0, 0, .02, .9, .08, 0, 0, .03, .9, .07, 0, 0, .1, .9}};
    Transitions three{8, std::vector<double>(64, 0.01)};
    for (std::size_t i = 0; i < 8; ++i) three.probability[9 * i] = 0.93;
    const MisreadTables::Statistics cells{{"cell", {{1, two_levels(0.05)}, {2, two}, {3, three}}}};
    const auto misread = std::make_shared<CellMisread>(cells);
    const auto flip = std::make_shared<BitFlip>(0.02, BitChoice{});
    const std::vector<std::shared_ptr<const CellFault>> faults{
        misread, flip, std::make_shared<StuckAt>(0.05, true, BitChoice{}),
        std::make_shared<Mixed>(std::vector<Mixed::Part>{misread, flip, flip}),
        std::make_shared<Mixed>(
            std::vector<Mixed::Part>{std::make_shared<StuckAt>(0.1, false, BitChoice{}), misread})};
    for (const auto& fault : faults) {
        std::map<std::array<std::size_t, 4>, double> seen;  // region, place, stored, read
        const int trials = 20;
        for (std::uint64_t trial = 0; trial < trials; ++trial) {
            for (const Event& e : fault->events(stored, 7, trial, 1)) {
                ++seen[{e.region, e.cell % stored.regions[e.region].cells_per_code(), e.stored, e.read}];
            }
        }
        double chi_square = 0, pairs = 0;
        for (std::size_t r = 0; r < 2; ++r) {
            for (std::size_t place = 0; place < stored.regions[r].cells_per_code(); ++place) {
                const Transitions p = fault->transitions(stored, r, place);
                const auto counts = level_counts(stored.regions[r], place);
                for (std::size_t i = 0; i < p.levels; ++i) {
                    double row = 0;
                    for (std::size_t j = 0; j < p.levels; ++j) {
                        row += p.at(i, j);
                        if (j == i) continue;
                        const double mean = trials * static_cast<double>(counts[i]) * p.at(i, j);
                        const double off = seen[{r, place, i, j}] - mean;
                        if (mean == 0) CHECK(off == 0);
                        if (mean < 20) continue;
                        chi_square += off * off / (mean * (1 - p.at(i, j)));
                        ++pairs;
                    }
                    CHECK(row == Approx(1));
                }
            }
        }
        CHECK(pairs > 10);
        CHECK(std::abs(chi_square - pairs) < 5 * std::sqrt(2 * pairs));
    }
}

TEST_CASE("events of any fault: the same at any number of threads, once a cell, undone by their list") {
    const CodeImage stored = image(300000, {3, 3, 2});
    const CodeImage other = image(300000, {3, 3, 2}, "v");
    const auto flip = std::make_shared<BitFlip>(1e-3, BitChoice{});
    const std::vector<std::shared_ptr<const CellFault>> faults{
        flip, std::make_shared<BitFlipCount>(500, BitChoice{}),
        std::make_shared<StuckAt>(1e-3, true, BitChoice{}),
        std::make_shared<Mixed>(std::vector<Mixed::Part>{flip, flip})};
    for (const auto& fault : faults) {
        const auto here = fault->events(stored, 1, 2, 1);
        for (const int threads : {2, 3, 7}) CHECK(fault->events(stored, 1, 2, threads) == here);
        CHECK(fault->events(stored, 1, 3, 1) != here);
        CHECK(fault->events(stored, 2, 2, 1) != here);
        CHECK(fault->events(other, 1, 2, 1) != here);
        CodeImage bad = stored;
        apply_events(bad, here);
        for (std::size_t i = 0; i < here.size(); ++i) {
            CHECK(stored.regions[here[i].region].level(here[i].cell) == here[i].stored);
            CHECK(here[i].stored != here[i].read);
            if (i == 0) continue;
            CHECK(std::pair{here[i - 1].region, here[i - 1].cell} < std::pair{here[i].region, here[i].cell});
        }
        undo_events(bad, here);
        CHECK(bad == stored);
    }
}

TEST_CASE("mixed: equal parts draw independently, one part alone is itself") {
    const CodeImage stored = image(100000, std::vector<int>(8, 1));
    const auto flip = std::make_shared<BitFlip>(0.01, BitChoice{{"values"}, {}, {}});
    CHECK(Mixed({flip}).events(stored, 1, 0, 1) == flip->events(stored, 1, 0, 1));
    CHECK(Mixed({}).events(stored, 1, 0, 1).empty());
    // Two equal streams would cancel; independent ones leave 2 p (1 - p) of the bits flipped.
    const double mean = 800000 * 2 * 0.01 * 0.99;
    const Mixed twice({flip, flip});
    CHECK(expected(twice, stored)[0] == Approx(mean));
    const auto count = static_cast<double>(twice.events(stored, 1, 0, 1).size());
    CHECK(std::abs(count - mean) < 5 * std::sqrt(mean));
    // A stuck bit holds whatever flipped before it; flipped after it, it is wrong.
    const auto all = std::make_shared<BitFlip>(1, BitChoice{});
    const auto stuck = std::make_shared<StuckAt>(1, false, BitChoice{});
    CodeImage bad = stored;
    apply_events(bad, Mixed({all, stuck}).events(stored, 1, 0, 1));
    CHECK(bad.regions[0].codes == Codes(8, 100000));
}

TEST_CASE("truncated counts: as many faults in every trial, none where fewer than one is expected") {
    const CodeImage stored = image(1000, std::vector<int>(8, 1));
    const TruncatedMisread rare({{"cell", {{1, two_levels(1e-3)}}}});
    CHECK(rare.events(stored, 1, 0, 1).empty());  // at most 0.7 at a level of a place
    const TruncatedMisread often({{"cell", {{1, two_levels(0.0101)}}}});
    const auto first = often.events(stored, 1, 0, 1);
    CHECK(static_cast<double>(first.size()) ==
          Approx(expected(often, stored)[0] + expected(often, stored)[1]));
    for (std::uint64_t trial = 1; trial < 10; ++trial) {
        CHECK(often.events(stored, 1, trial, 3).size() == first.size());
        CHECK(often.events(stored, 1, trial, 1) != first);
    }
}
