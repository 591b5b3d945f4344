#include <bit>

#include "catch2.hpp"
#include "siliconbert/base/philox.hpp"
#include "siliconbert/storage/ecc.hpp"
#include "siliconbert/storage/store.hpp"

using namespace siliconbert;

namespace {

std::uint64_t random64(std::uint32_t i) {
    const PhiloxCounter draw = philox({i, 0, 0, 0}, {5, 9});
    return std::uint64_t{draw[0]} << 32 | draw[1];
}

struct Word {
    std::uint64_t data;
    std::uint32_t check;
    void flip(const EccCode& code, int bit) {
        if (bit < code.data_bits()) {
            data ^= std::uint64_t{1} << bit;
        } else {
            check ^= 1U << (bit - code.data_bits());
        }
    }
    bool operator==(const Word&) const = default;
};

Word word_of(const EccCode& code, std::uint32_t i) {
    const std::uint64_t data = random64(i) >> (64 - code.data_bits());
    return {data, code.check_of(data)};
}

std::uint32_t syndrome(const EccCode& code, const Word& word) { return code.syndrome(word.data, word.check); }

// A protected image with odd ends: 71 values of 6 bits, mask bits that share cells.
CodeImage image(const std::string& code, bool gray) {
    Mask mask{13, 11, Codes(1, 143)};
    Codes codes(6, 143);
    for (std::size_t i = 0; i < 143; ++i) {
        mask.kept.set(i, i % 2);
        codes.set(i, static_cast<std::uint32_t>(random64(static_cast<std::uint32_t>(i)) % 64));
    }
    return store("w", mask, codes, Codes(8, 1),
                 {{"bitmask"}, {{"values", {"a", 2}}, {"*", {"b", 3}}}, {{"*", gray}}, {{"*", code}}});
}

// Events at a share of all cells; every level is read as any other.
std::vector<Event> some_events(const CodeImage& image, std::uint32_t trial, std::uint32_t in) {
    std::vector<Event> events;
    for (std::uint32_t r = 0; r < image.regions.size(); ++r) {
        const Region& region = image.regions[r];
        for (std::uint64_t cell = 0; cell < region.cells(); ++cell) {
            const std::uint64_t draw = random64(static_cast<std::uint32_t>(1000 * trial + 100 * r + cell));
            if (draw % in != 0) continue;
            const auto levels = 1U << region.place(cell).bits;
            const std::uint32_t stored = region.level(cell);
            const auto step = static_cast<std::uint32_t>(1 + (draw >> 20) % (levels - 1));
            events.push_back({r, cell, static_cast<std::uint8_t>(stored),
                              static_cast<std::uint8_t>((stored + step) % levels)});
        }
    }
    return events;
}

}  // namespace

TEST_CASE("a codeword has no syndrome, and its check bits are those of a linear code") {
    for (const EccCode& code : ecc_codes()) {
        for (std::uint32_t i = 0; i < 100; ++i) {
            const Word a = word_of(code, i);
            const Word b = word_of(code, i + 1000);
            CHECK(syndrome(code, a) == 0);
            CHECK((a.check ^ b.check) == code.check_of(a.data ^ b.data));
        }
    }
}

TEST_CASE("SECDED corrects every single error and detects every double one; parity detects every odd one") {
    for (const EccCode& code : ecc_codes()) {
        const bool corrects = code.name() != "parity";
        const int bits = code.data_bits() + code.check_bits();
        const Word clean = word_of(code, 3);
        for (int first = 0; first < bits; ++first) {
            Word one = clean;
            one.flip(code, first);
            const auto blamed = code.wrong_bit(syndrome(code, one));
            CHECK(syndrome(code, one) == code.column(first));
            if (corrects) {
                REQUIRE(blamed);
                CHECK(*blamed == first);
            } else {
                CHECK_FALSE(blamed);
            }
            for (int second = 0; second < first; ++second) {
                Word two = one;
                two.flip(code, second);
                REQUIRE_FALSE(code.wrong_bit(syndrome(code, two)));
                REQUIRE((syndrome(code, two) != 0) == corrects);
            }
        }
    }
}

TEST_CASE("check bits cost one in eight, seven in 32, one in 64, and no more than a started word") {
    CHECK(check_bits(Codes(8, 8), ecc_code("secded-72-64")).bits() == 8);
    CHECK(check_bits(Codes(8, 9), ecc_code("secded-72-64")).bits() == 16);
    CHECK(check_bits(Codes(3, 11), ecc_code("secded-39-32")).bits() == 14);
    CHECK(check_bits(Codes(1, 64), ecc_code("parity")).bits() == 1);
    CHECK(check_bits(Codes(8, 0), ecc_code("parity")).bits() == 0);
    CHECK_THROWS_WITH(ecc_code("bch"), ContainsSubstring("one of parity, secded-39-32, secded-72-64"));
}

TEST_CASE("check bits lie beside their region, in cells like its own") {
    const CodeImage stored = image("secded-72-64", false);
    REQUIRE(stored.regions.size() == 6);
    CHECK(stored.regions[3].name == "values.check");
    CHECK(stored.regions[3].codes.bits() == 7 * 8);  // 71 x 6 bits
    CHECK(stored.regions[3].map.cell == "a");
    CHECK(stored.regions[4].map.cell_bits == std::vector<int>{3, 3, 2});
    CodeImage copy = stored;
    for (const auto& [name, counts] : correct(copy)) CHECK(counts == EccCounts{});
    CHECK(copy == stored);
}

TEST_CASE("events after correction are what correction leaves of the image with the events") {
    for (const char* code : {"parity", "secded-39-32", "secded-72-64"}) {
        EccCounts seen;
        for (std::uint32_t trial = 0; trial < 200; ++trial) {
            const CodeImage clean = image(code, trial % 2 == 1);
            const std::vector<Event> events = some_events(clean, trial, trial < 100 ? 40 : 6);
            const EccResult after = after_ecc(clean, events);
            CodeImage bad = clean;
            apply_events(bad, events);
            const EccByRegion counts = correct(bad);
            CodeImage wanted = clean;
            apply_events(wanted, after.events);
            REQUIRE(bad == wanted);
            REQUIRE(counts.size() == after.counts.size());
            for (const auto& [name, with_truth] : after.counts) {
                CHECK(counts.at(name).corrected == with_truth.corrected);
                CHECK(counts.at(name).detected == with_truth.detected);
                CHECK(with_truth.miscorrected <= with_truth.corrected);
                seen.corrected += with_truth.corrected;
                seen.detected += with_truth.detected;
                seen.miscorrected += with_truth.miscorrected;
                seen.silent += with_truth.silent;
            }
            for (std::size_t i = 0; i < after.events.size(); ++i) {
                const Event& event = after.events[i];
                CHECK(event.stored != event.read);
                CHECK(clean.regions[event.region].level(event.cell) == event.stored);
                if (i == 0) continue;
                const Event& before = after.events[i - 1];
                CHECK(std::pair(before.region, before.cell) < std::pair(event.region, event.cell));
            }
        }
        const bool corrects = std::string(code) != "parity";
        CHECK((seen.corrected > 100) == corrects);
        CHECK((seen.miscorrected > 10) == corrects);
        CHECK(seen.detected > 100);
        CHECK(seen.silent > 0);
    }
}

TEST_CASE("an error that seems to lie in the filling of the last word is only detected") {
    // One code of 6 bits: any syndrome that blames data bits 6..63 is more than one error.
    Mask mask{1, 1, Codes(1, 1)};
    mask.kept.set(0, 1);
    const CodeImage clean = store("w", mask, Codes(6, 1), Codes(8, 0),
                                  {{"dense"}, {{"*", {"a", 1}}}, {}, {{"*", "secded-72-64"}}});
    std::size_t detected = 0;
    for (std::uint64_t a = 0; a < 6; ++a) {
        for (std::uint64_t b = 0; b < a; ++b) {
            for (std::uint64_t c = 0; c < 8; ++c) {
                std::vector<Event> events{{0, 5 - a, 0, 1}, {0, 5 - b, 0, 1}, {1, c, 0, 1}};
                CodeImage bad = clean;
                apply_events(bad, events);
                const EccCounts counts = correct(bad).at("values");
                CHECK(counts.corrected + counts.detected == 1);
                detected += counts.detected;
            }
        }
    }
    CHECK(detected > 0);
}

TEST_CASE("regions without check bits keep their events") {
    CodeImage clean = image("secded-72-64", false);
    clean.regions.pop_back();  // parameters' check bits
    const std::vector<Event> events{{2, 0, 0, 5}};
    CHECK(after_ecc(clean, events).events == events);
}
