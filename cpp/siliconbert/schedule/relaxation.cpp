#include "siliconbert/schedule/relaxation.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace siliconbert {

namespace {

constexpr double kTiny = 1e-9;
constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

// The dual simplex method on a dense tableau. Rows: one an operator (its shares add up to 1), one a row of
// the sums (at most z), one a limited resource. Columns: the choices, z, a slack for each row of the last two
// kinds, the right hand side. It starts from the fastest choice of every operator.
class Tableau {
 public:
    Tableau(const Problem& problem, const Sums& sums)
        : problem_(problem), sums_(sums), operators_(problem.operators.size()) {
        for (std::size_t r = 0; r < problem.resources; ++r) {
            if (std::isfinite(problem.budget[r])) limited_.push_back(r);
        }
        for (const Options& options : problem.operators) {
            first_.push_back(choices_);
            choices_ += options.size();
            for (const double time : options.time) unit_ = std::max(unit_, time);
        }
        rows_ = operators_ + sums.rows + limited_.size();
        columns_ = choices_ + 1 + sums.rows + limited_.size() + 1;
        cells_.assign(rows_ * columns_, 0.0);
        reduced_.assign(columns_, 0.0);
        fill();
    }

    // Falls back on what it has after so many steps: the bound stays a bound.
    void solve() {
        for (std::size_t step = 0; step < 20 * (rows_ + 10); ++step) {
            const std::size_t row = leaving();
            if (row == kNone) return;
            const std::size_t column = entering(row);
            if (column == kNone) return raise(row);
            pivot(row, column);
        }
    }

    Relaxation prices() const {
        Relaxation found{std::vector<double>(problem_.resources, 0.0), {}};
        double total = 0;
        for (std::size_t s = 0; s < sums_.rows; ++s) {
            found.weight.push_back(std::max(0.0, reduced_[choices_ + 1 + s]));
            total += found.weight.back();
        }
        for (double& weight : found.weight) {
            weight = total > 0 ? weight / total : 1 / static_cast<double>(sums_.rows);
        }
        for (std::size_t k = 0; k < limited_.size(); ++k) {
            const double price = std::max(0.0, reduced_[choices_ + 1 + sums_.rows + k]);
            found.price[limited_[k]] = price * unit_ / scale(k);
        }
        return found;
    }

 private:
    double& at(std::size_t row, std::size_t column) { return cells_[row * columns_ + column]; }
    double scale(std::size_t k) const {
        const double budget = problem_.budget[limited_[k]];
        return budget > 0 ? budget : 1.0;
    }

    void fill() {
        const std::size_t z = choices_, last = columns_ - 1;
        std::vector<std::size_t> basic;
        for (std::size_t op = 0; op < operators_; ++op) {
            const Options& options = problem_.operators[op];
            for (std::size_t c = 0; c < options.size(); ++c) fill_choice(op, c);
            const auto fastest = std::min_element(options.time.begin(), options.time.end());
            basic.push_back(first_[op] + static_cast<std::size_t>(fastest - options.time.begin()));
            at(op, last) = 1;
        }
        for (std::size_t s = 0; s < sums_.rows; ++s) {
            at(operators_ + s, z) = -1;
            at(operators_ + s, z + 1 + s) = 1;
        }
        for (std::size_t k = 0; k < limited_.size(); ++k) {
            at(operators_ + sums_.rows + k, z + 1 + sums_.rows + k) = 1;
            at(operators_ + sums_.rows + k, last) = problem_.budget[limited_[k]] / scale(k);
        }
        reduced_[z] = 1;
        for (std::size_t op = 0; op < operators_; ++op) pivot(op, basic[op]);
    }

    void fill_choice(std::size_t op, std::size_t c) {
        const std::size_t column = first_[op] + c;
        at(op, column) = 1;
        for (std::size_t s = 0; s < sums_.rows; ++s) {
            at(operators_ + s, column) = sums_.at(s, op) * problem_.operators[op].time[c] / unit_;
        }
        for (std::size_t k = 0; k < limited_.size(); ++k) {
            at(operators_ + sums_.rows + k, column) = problem_.amount(op, c, limited_[k]) / scale(k);
        }
    }

    std::size_t leaving() {
        std::size_t found = kNone;
        double least = -kTiny;
        for (std::size_t row = 0; row < rows_; ++row) {
            if (const double b = at(row, columns_ - 1); b < least) {
                least = b;
                found = row;
            }
        }
        return found;
    }

    std::size_t entering(std::size_t row) {
        std::size_t found = kNone;
        double least = std::numeric_limits<double>::infinity(), size = 0;
        for (std::size_t column = 0; column + 1 < columns_; ++column) {
            const double a = at(row, column);
            if (a > -kTiny) continue;
            const double ratio = std::max(0.0, reduced_[column]) / -a;
            // Of equal ratios the largest pivot, for the sake of rounding.
            if (ratio < least - kTiny || (ratio <= least + kTiny && -a > size)) {
                least = std::min(least, ratio);
                size = -a;
                found = column;
            }
        }
        return found;
    }

    // No mix of choices fits: this row proves it. Its multiple lifts the bound above every plan.
    void raise(std::size_t row) {
        const double most = 1e9 / std::max(kTiny, -at(row, columns_ - 1));
        for (std::size_t column = choices_; column + 1 < columns_; ++column) {
            reduced_[column] += most * std::max(0.0, at(row, column));
        }
    }

    void pivot(std::size_t row, std::size_t column) {
        double* from = &at(row, 0);
        const double inverse = 1 / from[column];
        for (std::size_t j = 0; j < columns_; ++j) from[j] *= inverse;
        const auto subtract = [&](double* to) {
            const double factor = to[column];
            if (factor == 0) return;
            for (std::size_t j = 0; j < columns_; ++j) to[j] -= factor * from[j];
            to[column] = 0;
        };
        for (std::size_t i = 0; i < rows_; ++i) {
            if (i != row) subtract(&at(i, 0));
        }
        subtract(reduced_.data());
    }

    const Problem& problem_;
    const Sums& sums_;
    std::size_t operators_, choices_ = 0, rows_ = 0, columns_ = 0;
    double unit_ = 1e-300;  // the longest time
    std::vector<std::size_t> first_, limited_;
    std::vector<double> cells_, reduced_;
};

}  // namespace

double Relaxation::cost(const Problem& problem, const Sums& sums, std::size_t op, std::size_t choice) const {
    double found = 0;
    for (std::size_t s = 0; s < sums.rows; ++s) {
        found += weight[s] * sums.at(s, op) * problem.operators[op].time[choice];
    }
    for (std::size_t r = 0; r < problem.resources; ++r) {
        if (price[r] > 0) found += price[r] * problem.amount(op, choice, r);
    }
    return found;
}

double Relaxation::offset(const Problem& problem) const {
    double found = 0;
    for (std::size_t r = 0; r < problem.resources; ++r) {
        if (price[r] > 0) found -= price[r] * problem.budget[r];
    }
    return found;
}

Relaxation relax(const Problem& problem, const Sums& sums) {
    Tableau tableau(problem, sums);
    tableau.solve();
    return tableau.prices();
}

}  // namespace siliconbert
