#include "siliconbert/hardware/explore.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "siliconbert/base/clones.hpp"
#include "siliconbert/hardware/target_costs.hpp"

namespace siliconbert {

namespace {

// A target whose costs were computed: three rows of bins.
struct Knot {
    std::size_t target;
    std::size_t costs;  // where they start
    TargetState found;
};

// The targets whose costs must be computed, in their order: two neighbours have one state, or no target lies
// between them.
class Knots {
 public:
    Knots(const PlannedCosts& costs, std::span<const double> targets, std::size_t bins)
        : source_(costs), targets_(targets), bins_(bins) {
        const Knot low = knot(0);
        row_.push_back(low);
        if (targets.size() == 1) return;
        const Knot high = knot(targets.size() - 1);
        add_between(low, high);
        row_.push_back(high);
        drop_inner();
    }

    const std::vector<Knot>& row() const { return row_; }

    BinCosts costs(const Knot& knot) const {
        const std::span all = std::span(costs_).subspan(knot.costs, 3 * bins_);
        return {all.first(bins_), all.subspan(bins_, bins_), all.last(bins_), source_.start()};
    }

 private:
    Knot knot(std::size_t target) {
        const std::size_t at = costs_.size();
        costs_.resize(at + 3 * bins_);
        const std::span all = std::span(costs_).subspan(at);
        return {target, at,
                source_.at(targets_[target], {all.first(bins_), all.subspan(bins_, bins_), all.last(bins_)})};
    }

    void add_between(const Knot& low, const Knot& high) {
        if (high.target - low.target < 2 || low.found.state == high.found.state) return;
        const Knot middle = knot(low.target + (high.target - low.target) / 2);
        add_between(low, middle);
        row_.push_back(middle);
        add_between(middle, high);
    }

    // The search by halves also stops inside stretches of one state.
    void drop_inner() {
        std::size_t kept = 1;
        for (std::size_t k = 1; k + 1 < row_.size(); ++k) {
            const long state = row_[k].found.state;
            const bool inner = row_[kept - 1].found.state == state && row_[k + 1].found.state == state;
            if (!inner) row_[kept++] = row_[k];
        }
        row_[kept++] = row_.back();
        row_.resize(kept);
    }

    const PlannedCosts& source_;
    std::span<const double> targets_;
    std::size_t bins_;
    std::vector<Knot> row_{};
    std::vector<double> costs_{};
};

// How far each target lies between the knots around it, 0..1.
std::vector<double> weights(std::span<const double> targets, const std::vector<Knot>& knots) {
    std::vector<double> found(targets.size(), 0);
    for (std::size_t k = 1; k < knots.size(); ++k) {
        const std::size_t low = knots[k - 1].target, high = knots[k].target;
        const double width = targets[high] - targets[low];
        if (width == 0) continue;
        for (std::size_t t = low + 1; t < high; ++t) found[t] = (targets[t] - targets[low]) / width;
    }
    return found;
}

// Rows 1 .. rows - 1 between row 0 and row `rows`: `size` columns each, `stride` apart.
SILICONBERT_CLONES
void interpolate(double* low, const double* weight, std::size_t rows, std::size_t stride, std::size_t size) {
    const double* high = low + rows * stride;
    if (stride == 1) {
        const double from = *low, step = *high - *low;
        for (std::size_t row = 1; row < rows; ++row) low[row] = from + step * weight[row];
        return;
    }
    for (std::size_t row = 1; row < rows; ++row) {
        for (std::size_t i = 0; i < size; ++i) {
            low[row * stride + i] = low[i] + (high[i] - low[i]) * weight[row];
        }
    }
}

// `row` again and again.
void repeat(std::span<const double> row, std::size_t rows, double* out) {
    if (row.size() == 1) {
        std::fill_n(out, rows, row.front());
        return;
    }
    for (std::size_t r = 0; r < rows; ++r) std::copy(row.begin(), row.end(), out + r * row.size());
}

}  // namespace

void explore_planned(const Supply& supply, const LatencyPlan& plan, std::span<const double> targets,
                     const Histograms& all, const Means& means) {
    const PlannedCosts costs(supply, plan, all.bins);
    const Knots knots(costs, targets, all.bins);
    const std::vector<Knot>& row = knots.row();
    const std::vector<double> weight = weights(targets, row);
    for (std::size_t from = 0; from < all.count; from += Histograms::kBlock) {
        const std::size_t size = std::min(Histograms::kBlock, all.count - from);
        for (std::size_t k = 0; k < row.size(); ++k) {
            const std::size_t at = row[k].target * all.count + from;
            mean_costs(knots.costs(row[k]), all, from, size, means.energy + at, means.seconds + at);
            if (k == 0) continue;
            const std::size_t low = row[k - 1].target, rows = row[k].target - low;
            for (double* each : {means.energy, means.seconds}) {
                interpolate(each + low * all.count + from, weight.data() + low, rows, all.count, size);
            }
        }
    }
    for (std::size_t k = 0; k < row.size(); ++k) {
        const std::size_t end = k + 1 < row.size() ? row[k + 1].target : targets.size();
        repeat(std::span(all.late).subspan(row[k].found.in_time * all.count, all.count), end - row[k].target,
               means.late + row[k].target * all.count);
    }
}

void explore_fixed(const Supply& supply, const LatencyPlan& plan, const OperatingPoint& point,
                   std::span<const double> targets, const Histograms& all, const Means& means) {
    const double layer = joules(supply, plan.layer, point), seconds = plan.layer.cycles / point.frequency;
    std::size_t in_time = 0;  // layers
    for (std::size_t t = 0; t < targets.size(); ++t) {
        const auto ends = [&](std::size_t layers) {
            return static_cast<double>(layers) * plan.layer.cycles / point.frequency;
        };
        while (in_time < all.layers && ends(in_time + 1) <= targets[t]) ++in_time;
        const std::size_t at = t * all.count;
        for (std::size_t h = 0; h < all.count; ++h) {
            means.energy[at + h] = layer * all.mean_layers[h];
            means.seconds[at + h] = seconds * all.mean_layers[h];
            means.late[at + h] = all.late_exits[in_time * all.count + h];
        }
    }
}

}  // namespace siliconbert
