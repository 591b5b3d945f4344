#include <set>

#include "catch2.hpp"
#include "siliconbert/faults/misread.hpp"

using namespace siliconbert;

namespace {

// Two regions of four-level cells, every level equally often.
CodeImage image(const std::string& tensor, std::size_t codes) {
    CodeImage made{tensor, codes, 1, {}};
    for (const char* name : {"values", "mask"}) {
        Region region{name, Codes(4, codes), {"cell", {3, 2, 1, 0}, {2, 2}}};
        for (std::size_t i = 0; i < codes; ++i) region.codes.set(i, static_cast<std::uint32_t>(i * 7 % 16));
        made.regions.push_back(region);
    }
    return made;
}

// Every level is read as each other one with probability p / 3.
CellMisread even(double p) {
    Transitions four{4, std::vector<double>(16, p / 3)};
    for (std::size_t i = 0; i < 4; ++i) four.probability[5 * i] = 1 - p;
    return CellMisread({{"cell", {{1, {2, {1 - p, p, p, 1 - p}}}, {2, four}}}});
}

}  // namespace

TEST_CASE("rates 0 and 1 are exact") {
    const CodeImage stored = image("w", 50000);
    CHECK(even(0).events(stored, 1, 0, 1).empty());
    const auto all = even(1).events(stored, 1, 0, 1);
    REQUIRE(all.size() == 200000);
    for (const Event& event : all) CHECK(event.stored != event.read);
}

TEST_CASE("no cell is hit twice, the stored level is the cell's, and undoing restores the image") {
    const CodeImage stored = image("w", 100000);
    const auto events = even(0.01).events(stored, 3, 5, 1);
    std::set<std::pair<std::uint32_t, std::uint64_t>> seen;
    for (const Event& event : events) {
        CHECK(seen.insert({event.region, event.cell}).second);
        CHECK(stored.regions[event.region].level(event.cell) == event.stored);
        CHECK(event.read < 4);
    }
    CodeImage bad = stored;
    apply_events(bad, events);
    CHECK(bad != stored);
    undo_events(bad, events);
    CHECK(bad == stored);
}

TEST_CASE("events are the same at any number of threads and differ between tensors, regions and trials") {
    const CodeImage stored = image("w", 300000);
    const CellMisread fault = even(1e-3);
    const auto here = fault.events(stored, 1, 2, 1);
    for (const int threads : {2, 3, 7}) CHECK(fault.events(stored, 1, 2, threads) == here);
    CHECK(fault.events(stored, 1, 3, 1) != here);
    CHECK(fault.events(stored, 2, 2, 1) != here);
    CHECK(fault.events(image("v", 300000), 1, 2, 1) != here);
    std::vector<std::uint64_t> cells[2];
    for (const Event& event : here) cells[event.region].push_back(event.cell);
    CHECK(cells[0] != cells[1]);
}

TEST_CASE("the number of events is binomial, also where less than one is expected") {
    const CodeImage stored = image("w", 10000);  // 40,000 cells
    for (const double rate : {1e-6, 1e-4, 0.3}) {
        const CellMisread fault = even(rate);
        const std::vector<double> each = expected(fault, stored);
        const double mean = each[0] + each[1];
        CHECK(mean == Approx(40000 * rate));
        const int trials = rate < 0.1 ? 2000 : 20;
        double sum = 0;
        for (int trial = 0; trial < trials; ++trial) {
            sum += static_cast<double>(fault.events(stored, 9, static_cast<std::uint64_t>(trial), 1).size());
        }
        // Five standard deviations of the sum: a right program fails once in 1.7 million seeds.
        CHECK(std::abs(sum - trials * mean) < 5 * std::sqrt(trials * mean * (1 - rate)));
    }
}

TEST_CASE("the first and the last cell of a region and of a block can be hit") {
    const CodeImage stored = image("w", 65536);
    std::set<std::uint64_t> hit;
    for (std::uint64_t trial = 0; trial < 30; ++trial) {
        for (const Event& event : even(0.3).events(stored, 1, trial, 1)) hit.insert(event.cell);
    }
    // Each cell is missed by 60 draws with probability 0.7^60 = 5e-10.
    for (const std::uint64_t cell : {0, 65535, 65536, 131071}) CHECK(hit.contains(cell));
}

TEST_CASE("unknown and overfull cells are refused") {
    CodeImage stored = image("w", 4);
    stored.regions[0].map.cell = "other";
    CHECK_THROWS_WITH(even(0.1).events(stored, 1, 0, 1),
                      ContainsSubstring("no level statistics for cell 'other'"));
    stored.regions[0].map = {"cell", {3, 2, 1, 0}, {3, 1}};
    CHECK_THROWS_WITH(even(0.1).events(stored, 1, 0, 1), ContainsSubstring("puts 3 bits into"));
}
