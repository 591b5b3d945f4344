#include "siliconbert/hardware/counts.hpp"

#include <algorithm>

#include "siliconbert/base/ceil_divide.hpp"
#include "siliconbert/base/check.hpp"

namespace siliconbert {

namespace {

double real(std::size_t size) { return static_cast<double>(size); }

void check_share(const char* part, const Share& share) {
    const auto in_range = [](double x) { return x >= 0 && x <= 1; };
    require(in_range(share.elements) && in_range(share.vectors), "hardware: density of ", part,
            " must be in 0..1, got ", share.elements, " of elements and ", share.vectors, " of vectors");
}

void check(const LayerWork& work) {
    require(work.heads > 0 && work.hidden % work.heads == 0, "hardware: heads must divide hidden, got ",
            work.heads, " and ", work.hidden);
    require(work.reach.size() <= work.heads, "hardware: heads on must be in 0..", work.heads, ", got ",
            work.reach.size());
    require(work.lanes > 0 && work.width > 0, "hardware: lanes and width must be positive, got ", work.lanes,
            " and ", work.width);
    check_share("qkv", work.weights.qkv);
    check_share("output", work.weights.output);
    check_share("ffn_up", work.weights.ffn_up);
    check_share("ffn_down", work.weights.ffn_down);
}

// Share of the context's vectors that have a head in them that is on; the heads that are on come first.
Share context_share(std::size_t on, const LayerWork& work) {
    if (work.hidden == 0) return {};
    const std::size_t all = work.hidden, some = on * (work.hidden / work.heads);
    return {real(some) / real(all), real(ceil_divide(some, work.lanes)) / real(ceil_divide(all, work.lanes))};
}

// A head's scores and context. Its probabilities are zero outside its reach; only SpanRule::window leaves
// the scores there out (with renormalisation they change nothing).
void add_head(std::vector<Product>& list, const LayerWork& work, std::size_t reach) {
    const std::size_t t = work.tokens_attention, head = work.hidden / work.heads;
    Product scores{.part = "scores", .rows = t, .columns = t, .depth = head};
    Product context{.part = "context", .rows = t, .columns = head, .depth = t};
    const Band band{t, reach};
    if (band.narrow()) {
        context.left = {band.pairs() / (real(t) * real(t)),
                        band.vectors(work.lanes) / (real(t) * real(ceil_divide(t, work.lanes)))};
        if (work.rule == SpanRule::window) scores.columns_near = context.depth_near = band;
    }
    list.push_back(scores);
    list.push_back(context);
}

void add_weights(std::vector<Product>& list, const char* part, std::size_t tokens, std::size_t columns,
                 std::size_t depth, const Share& kept, std::size_t matrices = 1) {
    list.push_back({.part = part,
                    .count = matrices,
                    .rows = tokens,
                    .columns = columns,
                    .depth = depth,
                    .right = kept,
                    .weights = true});
}

}  // namespace

double Product::macs() const {
    const double full = real(count) * real(rows) * real(columns) * real(depth);
    const Band& near = columns_near ? columns_near : depth_near;
    return near ? full * near.pairs() / (real(near.tokens) * real(near.tokens)) : full;
}

double Product::kept_macs() const { return macs() * (weights ? right.elements : 1); }

std::vector<Product> products(const LayerWork& work) {
    check(work);
    const std::size_t head = work.hidden / work.heads, on = work.reach.size();
    const std::size_t t = work.tokens_attention;
    std::vector<Product> list;
    add_weights(list, "qkv", t, on * head, work.hidden, work.weights.qkv, 3);
    for (const std::size_t reach : work.reach) add_head(list, work, reach);
    const bool whole = work.rule == SpanRule::paper;
    add_weights(list, "output", t, work.hidden, whole ? work.hidden : on * head, work.weights.output);
    if (whole) list.back().left = context_share(on, work);
    add_weights(list, "ffn_up", work.tokens_ffn, work.ffn, work.hidden, work.weights.ffn_up);
    add_weights(list, "ffn_down", work.tokens_ffn, work.hidden, work.ffn, work.weights.ffn_down);
    if (work.classes > 0) {
        // A pooler and a classifier on the first token (EdgeBERT's ramps, modeling_highway_albert_masked.py).
        const std::size_t first = std::min<std::size_t>(1, t);
        add_weights(list, "ramp", first, work.hidden, work.hidden, {});
        add_weights(list, "ramp", first, work.classes, work.hidden, {});
    }
    return list;
}

Counts count(const LayerWork& work) {
    Counts counts;
    const double bytes = work.width / 8;
    for (const Product& p : products(work)) {
        const double n = real(p.count), right = n * real(p.columns) * real(p.depth);
        counts.macs += p.macs();
        counts.kept_macs += p.kept_macs();
        const bool used = p.rows > 0;
        if (p.weights && used) {
            counts.weight_bytes += right * p.right.elements * bytes;
            counts.mask_bytes += right / 8;
        }
        counts.activation_rows += n * real(p.rows);
        const double attention = p.weights ? 0 : right;
        counts.activation_bytes += bytes * (n * real(p.rows) * (real(p.depth) + real(p.columns)) + attention);
    }
    const double rows = real(work.tokens_attention) + real(work.tokens_ffn);
    counts.softmax_rows = real(work.reach.size()) * real(work.tokens_attention);
    // One addition and one normalisation after attention, one of each after the FFN.
    counts.layer_norm_rows = rows;
    counts.add_rows = rows;
    counts.entropies = work.classes > 0 && work.tokens_attention > 0 ? 1 : 0;
    return counts;
}

}  // namespace siliconbert
