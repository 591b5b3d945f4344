#include "siliconbert/hardware/edgebert.hpp"

#include <algorithm>

#include "siliconbert/base/ceil_divide.hpp"
#include "siliconbert/base/check.hpp"

namespace siliconbert {

namespace {

double real(std::size_t size) { return static_cast<double>(size); }

std::size_t padded(std::size_t size, std::size_t n) { return ceil_divide(size, n) * n; }

void check(const EdgebertUnits& units, const LayerWork& work) {
    require(units.n > 0, "hardware: n must be positive, got ", units.n);
    require(work.lanes == units.n, "hardware: lanes must be n, got ", work.lanes, " and ", units.n);
    require(units.sfu_overlap >= 0 && units.sfu_overlap <= 1, "hardware: sfu_overlap must be in 0..1, got ",
            units.sfu_overlap);
    require(units.transfer_overlap >= 0 && units.transfer_overlap <= 1,
            "hardware: transfer_overlap must be in 0..1, got ", units.transfer_overlap);
    require(units.bus_bytes > 0, "hardware: bus_bytes must be positive, got ", units.bus_bytes);
}

// n x n x n tiles and n x n results that the PU works through, whole ones: where n does not divide a size the
// rest is filled up.
struct Passes {
    double results = 0;
    double tiles = 0;
};

Passes passes(const Product& p, std::size_t n) {
    const double rows = real(ceil_divide(p.rows, n)), columns = real(ceil_divide(p.columns, n));
    const double depth = real(ceil_divide(p.depth, n));
    if (p.columns_near) return {p.columns_near.squares(n), p.columns_near.squares(n) * depth};
    if (p.depth_near) return {rows * columns, p.depth_near.squares(n) * columns};
    return {rows * columns, rows * columns * depth};
}

// Sums of n products with something in both vectors.
double busy_sums(const Product& p, std::size_t n) {
    const double results =
        p.columns_near ? p.columns_near.pairs_in_squares(n) : real(p.rows) * real(p.columns);
    return real(p.count) * results * real(ceil_divide(p.depth, n)) * p.left.vectors * p.right.vectors;
}

// Bytes of a matrix and of its mask of one bit an element.
struct Bytes {
    double data = 0;
    double mask = 0;
    double total() const { return data + mask; }
};

Bytes matrix(double elements, double kept, double width) {
    return {elements * kept * width / 8, elements / 8};
}

// Into the buffers: a block of rows once, and all columns for each block of rows.
double filled_bytes(const EdgebertUnits& units, const Product& p, double width) {
    const double depth = real(p.depth);
    return real(p.count) * (matrix(real(p.rows) * depth, p.left.elements, width).total() +
                            host_tiling(units, p).row_blocks *
                                matrix(real(p.columns) * depth, p.right.elements, width).total());
}

// Values that the decoders read, those whose mask bit is set: every tile reads both operands again.
double operand_bytes(const Product& p, const Passes& work, std::size_t n, double width) {
    const double rows = real(ceil_divide(p.rows, n)), columns = real(ceil_divide(p.columns, n));
    const double share = work.tiles / (rows * columns * real(ceil_divide(p.depth, n)));
    // The left operand of a banded context is zero wherever a tile is left out.
    const double left = real(p.rows) * columns * p.left.elements * (p.depth_near ? 1 : share);
    const double right = real(p.columns) * rows * p.right.elements * share;
    return real(p.count) * real(p.depth) * (left + right) * width / 8;
}

void add_product(LayerCost& cost, const EdgebertUnits& units, const Product& p, double width) {
    if (p.empty()) return;
    const std::size_t n = units.n;
    const double count = real(p.count), lanes = real(n);
    const Passes work = passes(p, n);
    cost.busy.pu += count * (work.tiles + work.results) * lanes;
    const double vectors = 2 * count * work.tiles * lanes;  // out of the two decoders, one each a cycle
    const double sums = busy_sums(p, n);
    Actions& actions = cost.actions;
    actions.macs += sums * lanes;
    actions.skipped_macs += count * work.tiles * lanes * lanes * lanes - sums * lanes;
    actions.register_bits += sums * units.accumulator_bits + vectors * lanes * width;
    actions.decoded += vectors * lanes;
    actions.read_bytes += operand_bytes(p, work, n, width) + vectors * lanes / 8;
    const double stored = matrix(count * real(p.rows) * real(p.columns), 1, width).total();
    const double filled = filled_bytes(units, p, width);
    actions.write_bytes += filled + stored;
    if (units.traffic == Traffic::tiles) {
        actions.read_bytes += stored;
        actions.bus_bytes += filled + stored;
    }
}

// States per row of v vectors, from the SFU's SystemC (SMax.h, LayerNorm.h, ElemAdd.h, Enpy.h, Dvfs.h), and
// vectors read and written in them.
struct Pass {
    double states = 0;
    double reads = 0;
    double writes = 0;
};

constexpr Pass softmax(double v) { return {9 * v + 1, 4 * v, v}; }     // maximum, sum, normalise and span
constexpr Pass layer_norm(double v) { return {9 * v + 2, 4 * v, v}; }  // sums, normalise with gamma and beta
constexpr Pass add(double v) { return {6 * v + 1, 2 * v, v}; }
constexpr Pass entropy(double v) { return {4 * v + 2, 2 * v, 0}; }
constexpr double kVoltageStates = 3;

void add_pass(LayerCost& cost, const EdgebertUnits& units, double rows, const Pass& pass, double interval,
              double width) {
    const double lanes = real(units.n);
    cost.busy.sfu += rows * pass.states * interval;
    cost.actions.sfu_operations += rows * pass.states * lanes;
    cost.actions.read_bytes += rows * pass.reads * lanes * width / 8;
    cost.actions.write_bytes += rows * pass.writes * lanes * width / 8;
}

void add_sfu(LayerCost& cost, const EdgebertUnits& units, const LayerWork& work, const Counts& counts) {
    const auto vectors = [&](std::size_t length) { return real(ceil_divide(length, units.n)); };
    const double hidden = vectors(work.hidden);
    const auto pass = [&](double rows, const Pass& each, double interval) {
        add_pass(cost, units, rows, each, interval, work.width);
    };
    pass(counts.softmax_rows, softmax(vectors(work.tokens_attention)), units.softmax_interval);
    pass(counts.layer_norm_rows, layer_norm(hidden), units.layer_norm_interval);
    pass(counts.add_rows, add(hidden), units.add_interval);
    pass(counts.entropies, entropy(vectors(work.classes)), units.entropy_interval);
}

std::size_t fit(std::size_t room, std::size_t size, const EdgebertUnits& units) {
    return std::min({room, units.largest, padded(size, units.n)}) / units.n * units.n;
}

}  // namespace

Tiling host_tiling(const EdgebertUnits& units, const Product& p) {
    const std::size_t n = units.n, room = units.buffer_entries * n;
    require(p.depth <= units.deepest, "hardware: ", p.part, " must be at most ", units.deepest, " deep, got ",
            p.depth);
    const std::size_t depth = padded(p.depth, n);
    const std::size_t columns = fit(room / depth, p.columns, units);
    const std::size_t rows = columns == 0 ? 0 : fit(room / (depth + columns), p.rows, units);
    require(rows > 0, "hardware: a tile of ", p.part, " must fit a buffer of ", room, " values, got ", n,
            " columns of ", depth, " values, or ", n, " rows with ", std::max(columns, n), " results each");
    return {rows, columns, real(ceil_divide(p.rows, rows)), real(ceil_divide(p.columns, columns))};
}

LayerCost layer_cost(const EdgebertUnits& units, const LayerWork& work) {
    check(units, work);
    LayerCost cost;
    for (const Product& product : products(work)) add_product(cost, units, product, work.width);
    const Counts counts = count(work);
    add_sfu(cost, units, work, counts);
    if (units.traffic == Traffic::weights) {
        cost.actions.bus_bytes = counts.weight_bytes + counts.mask_bytes;
    }
    cost.busy.transfer = cost.actions.bus_bytes / units.bus_bytes;
    cost.time.pu = cost.busy.pu;
    // A unit can hide no more cycles than the others work.
    cost.time.sfu = cost.busy.sfu - std::min(units.sfu_overlap * cost.busy.sfu, cost.time.pu);
    cost.time.transfer = cost.busy.transfer -
                         std::min(units.transfer_overlap * cost.busy.transfer, cost.time.pu + cost.time.sfu);
    return cost;
}

double voltage_cycles(const EdgebertUnits& units) { return units.voltage_interval * kVoltageStates; }

}  // namespace siliconbert
