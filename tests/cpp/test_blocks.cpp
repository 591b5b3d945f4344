#include <cmath>
#include <vector>

#include "back_ends.hpp"
#include "catch2.hpp"
#include "siliconbert/transformer/blocks/product.hpp"
#include "siliconbert/transformer/blocks/weights.hpp"

using namespace siliconbert;

namespace {

struct Problem {
    std::size_t rows, out, in;
    BlockSize size;
    std::vector<float> x, weight, bias;

    LinearSpec spec() const { return {weight, bias, in, out}; }
};

// Every third block is kept.
Problem problem(std::size_t rows, std::size_t out, std::size_t in, BlockSize size) {
    Problem made{
        rows, out, in, size, random_values(rows * in, 1), random_values(out * in, 2), random_values(out, 3)};
    for (std::size_t o = 0; o < out; ++o) {
        for (std::size_t i = 0; i < in; ++i) {
            if ((o / size.outputs + i / size.inputs) % 3 != 0) made.weight[o * in + i] = 0;
        }
    }
    return made;
}

double exact(const Problem& p, std::size_t row, std::size_t o) {
    double sum = p.bias[o];
    for (std::size_t i = 0; i < p.in; ++i) sum += double{p.x[row * p.in + i]} * p.weight[o * p.in + i];
    return sum;
}

}  // namespace

TEST_CASE("block products equal the sums they stand for, on every kernel", "[blocks]") {
    const auto [rows, out, in, size] = GENERATE(table<std::size_t, std::size_t, std::size_t, BlockSize>(
        {{1, 1, 1, {1, 1}}, {33, 49, 65, {16, 16}}, {70, 30, 22, {7, 3}}, {5, 100, 18, {40, 6}}}));
    const Problem p = problem(rows, out, in, size);
    for (const BlockKernel* kernel : block_kernels()) {
        if (!kernel->runs_here()) continue;
        for (const BlockNumber number : {BlockNumber::fp32, BlockNumber::int8}) {
            std::vector<float> y(rows * out);
            block_product(p.spec(), size, number, *kernel)->apply(p.x.data(), rows, y.data(), 2);
            const double tolerance = number == BlockNumber::fp32 ? 1e-5 : 0.01 * static_cast<double>(in);
            for (std::size_t i = 0; i < y.size(); ++i) {
                REQUIRE(std::abs(y[i] - exact(p, i / out, i % out)) <= tolerance);
            }
        }
    }
}

TEST_CASE("blocks are found by block column, ascending, cut off at the edges", "[blocks]") {
    const std::vector<float> weight{0, 0, 0, 0, 1,  // two outputs of five inputs
                                    2, 0, 0, 0, 0,  //
                                    0, 0, 3, 0, 0};
    const BlockColumns found = find_blocks({weight, 3, 5}, 2, 2);
    REQUIRE(found == BlockColumns{2, 2, {0, 2, 3}, {0, 2, 1}});
    REQUIRE(density(found, {weight, 3, 5}) == Approx(0.5));
}

TEST_CASE("the back end takes sparse weights by blocks and others as they are", "[blocks]") {
    const auto back_end = block_products(eigen_products(), {16, 16}, BlockNumber::fp32);
    REQUIRE_FALSE(back_end->fast_bf16());
    const Problem p = problem(row_block, 48, 64, {16, 16});
    std::vector<float> y(row_block * 48);
    LinearSpec spec = p.spec();
    spec.activation = Activation::relu;
    back_end->linear(spec)->apply(p.x.data(), y.data());
    for (std::size_t i = 0; i < y.size(); ++i) {
        REQUIRE(std::abs(y[i] - std::max(0.0, exact(p, i / 48, i % 48))) <= 1e-5);
    }
    const Problem dense = problem(row_block, 8, 64, {16, 16});  // has no block of that size
    std::vector<float> z(row_block * 8);
    back_end->linear(dense.spec())->apply(dense.x.data(), z.data());
    REQUIRE(std::abs(z[9] - exact(dense, 1, 1)) <= 1e-5);
}

TEST_CASE("block products refuse what means nothing", "[blocks]") {
    const Problem p = problem(1, 8, 8, {4, 4});
    REQUIRE_THROWS_WITH(block_product(p.spec(), {9, 4}, BlockNumber::fp32, block_kernel()),
                        "block_product: block must be 1 x 1 up to the weight's 8 x 8, got 9 x 4");
    REQUIRE_THROWS_WITH(block_kernel("neon"), ContainsSubstring("portable; got 'neon'"));
    REQUIRE_THROWS_WITH(block_number_by_name("int4"), ContainsSubstring("fp32, int8; got 'int4'"));
}
