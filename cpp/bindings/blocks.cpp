// Block-sparse products, alone and as a network's back end.
#include <memory>

#include "siliconbert/base/check.hpp"
#include "siliconbert/base/parallel.hpp"
#include "siliconbert/transformer/blocks/product.hpp"
#include "transformer.hpp"

namespace siliconbert {

namespace {

using Shape = std::pair<std::size_t, std::size_t>;

LinearSpec specification(const InArray<float>& weight, const InArray<float>& bias) {
    require(weight.ndim() == 2, "BlockLinear: weight must have 2 dimensions, got ", weight.ndim());
    const auto out = static_cast<std::size_t>(weight.shape(0));
    require(static_cast<std::size_t>(bias.size()) == out, "BlockLinear: bias must have ", out,
            " values, got ", bias.size());
    require_finite(view(weight), "BlockLinear", "weight");
    return {view(weight), view(bias), static_cast<std::size_t>(weight.shape(1)), out};
}

struct BoundProduct {
    std::unique_ptr<BlockProduct> product;
    std::size_t in;
    std::size_t out;
    const char* kernel;
};

BoundProduct make_product(const InArray<float>& weight, const InArray<float>& bias, const Shape& block,
                          const std::string& number, const std::string& kernel) {
    const LinearSpec spec = specification(weight, bias);
    const py::gil_scoped_release released;
    const BlockKernel& chosen = block_kernel(kernel);
    return {block_product(spec, {block.first, block.second}, block_number_by_name(number), chosen), spec.in,
            spec.out, chosen.name};
}

using OutArray = py::array_t<float, py::array::c_style>;

// Throws unless the arrays have `rows` rows, of as many values as the product takes and gives.
void check_rows(const InArray<float>& x, const OutArray& y, std::size_t rows, std::size_t in,
                std::size_t out) {
    const auto matches = [&](const py::array& array, std::size_t columns) {
        return array.ndim() == 2 && static_cast<std::size_t>(array.shape(0)) == rows &&
               static_cast<std::size_t>(array.shape(1)) == columns;
    };
    require(matches(x, in) && matches(y, out), "apply_to: x and y must be (", rows, ", ", in, ") and (", rows,
            ", ", out, ")");
}

void apply_to(const BoundProduct& bound, const InArray<float>& x, OutArray& y, int threads) {
    const std::size_t rows = x.ndim() == 0 ? 0 : static_cast<std::size_t>(x.shape(0));
    check_rows(x, y, rows, bound.in, bound.out);
    float* out = y.mutable_data();
    const py::gil_scoped_release released;
    bound.product->apply(x.data(), rows, out, threads);
}

// The dense product of a back end for so many rows, to compare with.
class DenseProduct {
 public:
    DenseProduct(const Products& products, const InArray<float>& weight, const InArray<float>& bias,
                 std::size_t rows)
        : in_(static_cast<std::size_t>(weight.shape(1))),
          out_(static_cast<std::size_t>(weight.shape(0))),
          rows_(rows) {
        LinearSpec spec = specification(weight, bias);
        spec.rows = rows;
        const py::gil_scoped_release released;
        const OneThreadACall guard;
        linear_ = products.linear(spec);
    }

    void apply_to(const InArray<float>& x, OutArray& y) const {
        check_rows(x, y, rows_, in_, out_);
        float* out = y.mutable_data();
        const py::gil_scoped_release released;
        const OneThreadACall guard;
        linear_->apply(x.data(), out);
    }

 private:
    std::size_t in_;
    std::size_t out_;
    std::size_t rows_;
    std::unique_ptr<Linear> linear_;
};

}  // namespace

void bind_blocks(py::module_& transformer) {
    py::class_<BoundProduct>(transformer, "BlockProduct")
        .def(py::init(&make_product), py::arg("weight"), py::arg("bias"), py::arg("block"), py::arg("number"),
             py::arg("kernel"))
        .def_property_readonly("start",
                               [](const BoundProduct& bound) { return bound.product->blocks().start; })
        .def_readonly("kernel", &BoundProduct::kernel)
        .def("apply_to", &apply_to, py::arg("x"), py::arg("y").noconvert(), py::arg("threads") = 0);
    py::class_<DenseProduct>(transformer, "DenseProduct")
        .def(py::init([](const std::shared_ptr<Products>& products, const InArray<float>& weight,
                         const InArray<float>& bias,
                         std::size_t rows) { return DenseProduct(*products, weight, bias, rows); }),
             py::arg("products"), py::arg("weight"), py::arg("bias"), py::arg("rows"))
        .def("apply_to", &DenseProduct::apply_to, py::arg("x"), py::arg("y").noconvert());
    transformer.def("block_kernels", [] {
        std::vector<std::string> names;
        for (const BlockKernel* kernel : block_kernels()) {
            if (kernel->runs_here()) names.emplace_back(kernel->name);
        }
        return names;
    });
    transformer.def(
        "block_products",
        [](std::shared_ptr<Products> dense, const Shape& block, const std::string& number) {
            return std::const_pointer_cast<Products>(
                block_products(std::move(dense), {block.first, block.second}, block_number_by_name(number)));
        },
        py::arg("dense"), py::arg("block"), py::arg("number"));
}

}  // namespace siliconbert
