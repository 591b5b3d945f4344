// The back end that is always there: fp32 products by Eigen.
#include <Eigen/Core>
#include <vector>

#include "siliconbert/base/check.hpp"
#include "siliconbert/transformer/elementwise.hpp"
#include "siliconbert/transformer/products.hpp"

namespace siliconbert {

namespace {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Strided = Eigen::Map<const Matrix, 0, Eigen::OuterStride<>>;

Eigen::Index index(std::size_t size) { return static_cast<Eigen::Index>(size); }

class EigenLinear final : public Linear {
 public:
    explicit EigenLinear(const LinearSpec& spec)
        : weight_(Eigen::Map<const Matrix>(spec.weight.data(), index(spec.out), index(spec.in))),
          bias_(spec.bias.begin(), spec.bias.end()),
          activation_(spec.activation),
          rows_(spec.rows) {}

    void apply(const void* x, float* y) const override {
        const Eigen::Map<const Matrix> rows(static_cast<const float*>(x), index(rows_), weight_.cols());
        Eigen::Map<Matrix> out(y, index(rows_), weight_.rows());
        out.noalias() = rows * weight_.transpose();
        bias_activation_rows(y, bias_.data(), rows_, bias_.size(), activation_);
    }

 private:
    Matrix weight_;
    std::vector<float> bias_;
    Activation activation_;
    std::size_t rows_;
};

class EigenAttention final : public AttentionProducts {
 public:
    explicit EigenAttention(const AttentionSpec& spec) : spec_(spec) {}

    void scores(const void* q, const void* k, float* scores) const override {
        for (std::size_t h = 0; h < spec_.heads; ++h) {
            table(scores, h).noalias() = head(q, spec_.queries, h) * head(k, spec_.keys, h).transpose();
        }
    }

    void context(const void* probabilities, const void* v, float* context) const override {
        const Eigen::OuterStride<> stride(index(spec_.heads * spec_.head_width));
        for (std::size_t h = 0; h < spec_.heads; ++h) {
            Eigen::Map<Matrix, 0, Eigen::OuterStride<>> out(
                context + h * spec_.head_width, index(spec_.queries), index(spec_.head_width), stride);
            out.noalias() = table(static_cast<const float*>(probabilities), h) * head(v, spec_.keys, h);
        }
    }

 private:
    Strided head(const void* rows, std::size_t count, std::size_t h) const {
        return {static_cast<const float*>(rows) + h * spec_.head_width, index(count), index(spec_.head_width),
                Eigen::OuterStride<>(index(spec_.stride))};
    }

    Eigen::Map<Matrix> table(float* values, std::size_t h) const {
        return {values + h * spec_.queries * spec_.keys, index(spec_.queries), index(spec_.keys)};
    }

    Eigen::Map<const Matrix> table(const float* values, std::size_t h) const {
        return {values + h * spec_.queries * spec_.keys, index(spec_.queries), index(spec_.keys)};
    }

    AttentionSpec spec_;
};

class EigenProducts final : public Products {
 public:
    std::string name() const override {
        return say("eigen ", EIGEN_WORLD_VERSION, ".", EIGEN_MAJOR_VERSION, ".", EIGEN_MINOR_VERSION, " ",
                   Eigen::SimdInstructionSetsInUse());
    }
    bool fast_bf16() const override { return false; }

    std::unique_ptr<Linear> linear(const LinearSpec& spec) const override {
        require(spec.number == Number::fp32, "eigen: number must be fp32");
        return std::make_unique<EigenLinear>(spec);
    }

    std::shared_ptr<const AttentionProducts> attention(const AttentionSpec& spec) const override {
        require(spec.number == Number::fp32, "eigen: number must be fp32");
        return std::make_shared<EigenAttention>(spec);
    }
};

}  // namespace

std::shared_ptr<const Products> eigen_products() { return std::make_shared<EigenProducts>(); }

}  // namespace siliconbert
