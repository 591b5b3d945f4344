#include "transformer.hpp"

#include <algorithm>

#include "siliconbert/base/check.hpp"
#include "siliconbert/base/parallel.hpp"
#include "siliconbert/exits/entropy.hpp"
#include "siliconbert/transformer/sentence_index.hpp"
#include "siliconbert/transformer/tiles/attention.hpp"

namespace siliconbert {

namespace {

TensorView tensor_view(const std::string& name, const py::object& given) {
    // Released wherever the last reader lets go of it, so with the GIL taken.
    const std::shared_ptr<const InArray<float>> array(new InArray<float>(given), [](const auto* kept) {
        const py::gil_scoped_acquire held;
        delete kept;
    });
    require(array->ndim() == 1 || array->ndim() == 2, "Encoder: tensor ", name,
            " must have 1 or 2 dimensions, got ", array->ndim());
    const auto columns = array->ndim() == 2 ? static_cast<std::size_t>(array->shape(1)) : 1;
    return {view(*array), static_cast<std::size_t>(array->shape(0)), columns, array};
}

}  // namespace

Tensors make_tensors(const Arrays& arrays) {
    Tensors tensors;
    for (const auto& [name, given] : arrays) {
        if (PyCallable_Check(given.ptr()) == 0) {
            tensors.add(name, tensor_view(name, given));
            continue;
        }
        // The caller keeps the function; a copy of the object would touch its count without the GIL.
        tensors.add(name, [name = name, read = given.ptr()] {
            const py::gil_scoped_acquire held;
            return tensor_view(name, py::reinterpret_borrow<py::object>(read)());
        });
    }
    return tensors;
}

Batch make_batch(const NetworkShape& shape, const Ids& ids, const Ids& types, const Offsets& offsets) {
    const Batch batch{view(ids), view(types), view(offsets)};
    check_batch(batch, shape);
    return batch;
}

NetworkShape make_shape(const py::dict& given) {
    const auto size = [&](const char* name) {
        require(given.contains(name), "Encoder: shape must have ", name);
        return given[name].cast<std::size_t>();
    };
    NetworkShape shape;
    shape.vocabulary = size("vocabulary");
    shape.positions = size("positions");
    shape.types = size("types");
    shape.embedding = size("embedding");
    shape.hidden = size("hidden");
    shape.heads = size("heads");
    shape.ffn = size("ffn");
    shape.layers = size("layers");
    shape.groups = size("groups");
    shape.classes = size("classes");
    shape.activation = activation_by_name(given["activation"].cast<std::string>());
    shape.epsilon = given["epsilon"].cast<float>();
    shape.fixed_point = given.contains("fixed_point") && given["fixed_point"].cast<bool>();
    shape.causal = given.contains("causal") && given["causal"].cast<bool>();
    check_shape(shape);
    return shape;
}

void in_slices(const Batch& batch, std::size_t tokens, const std::optional<py::function>& progress,
               const std::function<void(std::size_t first, std::size_t last)>& run) {
    std::size_t first = 0;
    while (first < batch.sentences()) {
        std::size_t last = first + 1;
        while (last < batch.sentences() && batch.start(last + 1) - batch.start(first) <= tokens) ++last;
        {
            const py::gil_scoped_release release;
            run(first, last);
        }
        if (PyErr_CheckSignals() != 0) throw py::error_already_set();
        if (progress) (*progress)(last);
        first = last;
    }
}

namespace {

ActivationFormats make_formats(const NetworkShape& shape, int width, int exponent_bits,
                               const std::map<std::string, int>& bias) {
    ActivationFormats formats;
    for (const std::string& place : Places(shape).names()) {
        const auto found = bias.find(place);
        require(found != bias.end(), "Encoder: activations must have a bias for place ", place);
        AdaptivFloat format{width, exponent_bits, AdaptivFloatVariant::algorithm1, found->second};
        check(format);
        formats.emplace_back(format);
    }
    return formats;
}

Spans make_spans(const py::dict& given) {
    const auto values = given["values"].cast<InArray<float>>();
    return {{values.data(), values.data() + values.size()},
            given["ramp"].cast<float>(),
            span_variant_by_name(given["variant"].cast<std::string>()),
            given["renormalise"].cast<bool>()};
}

Encoder make_encoder(std::shared_ptr<const Products> products, const py::dict& shape, const Arrays& tensors,
                     const std::optional<py::dict>& activations, const std::optional<py::dict>& spans) {
    const NetworkShape network = make_shape(shape);
    std::optional<ActivationFormats> formats;
    if (activations) {
        formats = make_formats(network, (*activations)["width"].cast<int>(),
                               (*activations)["exponent_bits"].cast<int>(),
                               (*activations)["bias"].cast<std::map<std::string, int>>());
    }
    const Tensors views = make_tensors(tensors);
    std::optional<Spans> windows;
    if (spans) windows = make_spans(*spans);
    const py::gil_scoped_release release;
    return {std::move(products), network, views, std::move(formats), windows};
}

py::array_t<float> trace(const Encoder& encoder, const Ids& ids, const Ids& types, const Offsets& offsets,
                         int threads, const std::optional<py::function>& progress,
                         const std::shared_ptr<DisturbActivations>& faults, std::uint64_t seed,
                         std::uint64_t trial) {
    const Batch batch = make_batch(encoder.shape(), ids, types, offsets);
    std::optional<Flight> flight;
    if (faults != nullptr) flight.emplace(Flight{*faults, seed, trial});
    require(!encoder.exits().empty(), "trace: the model has no classifier, so it has no exits");
    const std::size_t exits = encoder.exits().size();
    const std::size_t classes = encoder.shape().classes;
    py::array_t<float> logits({batch.sentences(), exits, classes});
    float* out = logits.mutable_data();
    const std::size_t slice = 8192 * static_cast<std::size_t>(thread_count(threads));
    in_slices(batch, slice, progress, [&](std::size_t first, std::size_t last) {
        const std::size_t stride = exits * classes;
        encoder.trace(batch, first, last, threads, {out + first * stride, (last - first) * stride}, {},
                      flight ? &*flight : nullptr);
    });
    return logits;
}

// By the names of the functions in exits that rules compare with their threshold.
Score score_by_name(const std::string& name) {
    if (name == "entropy") return &entropy;
    if (name == "doubt") return &doubt;
    throw std::invalid_argument(say("run: score must be one of entropy, doubt; got '", name, "'"));
}

// Exit layers of the sentences, and the logits of those exits.
std::pair<py::array_t<std::int32_t>, py::array_t<float>> run(const Encoder& encoder, const Ids& ids,
                                                             const Ids& types, const Offsets& offsets,
                                                             Leave& leave, const std::string& score,
                                                             int threads) {
    const Batch batch = make_batch(encoder.shape(), ids, types, offsets);
    const Score chosen = score_by_name(score);
    const std::size_t classes = encoder.shape().classes;
    std::pair found{py::array_t<std::int32_t>(static_cast<py::ssize_t>(batch.sentences())),
                    py::array_t<float>({batch.sentences(), classes})};
    const std::span layers(found.first.mutable_data(), batch.sentences());
    const std::span logits(found.second.mutable_data(), batch.sentences() * classes);
    const py::gil_scoped_release release;
    encoder.run(batch, threads, chosen, leave, layers, logits);
    return found;
}

// The sentences that read one of these rows of a tensor.
py::array_t<std::uint32_t> reading(const Encoder& encoder, const Ids& ids, const Ids& types,
                                   const Offsets& offsets, const std::string& tensor,
                                   const InArray<std::uint32_t>& rows) {
    return to_array(SentenceIndex(make_batch(encoder.shape(), ids, types, offsets), tensor, encoder.shape())
                        .reading(view(rows)));
}

py::array_t<float> hidden(const Encoder& encoder, const Ids& ids, const Ids& types, const Offsets& offsets,
                          int threads) {
    const Batch batch = make_batch(encoder.shape(), ids, types, offsets);
    py::array_t<float> states({batch.ids.size(), encoder.shape().hidden});
    float* out = states.mutable_data();
    const py::gil_scoped_release release;
    encoder.hidden(batch, threads, {out, batch.ids.size() * encoder.shape().hidden});
    return states;
}

py::array_t<float> next_words(const Encoder& encoder, const Ids& ids, const Ids& types,
                              const Offsets& offsets, int threads) {
    const Batch batch = make_batch(encoder.shape(), ids, types, offsets);
    const std::size_t words = encoder.shape().vocabulary;
    py::array_t<float> logits({batch.ids.size(), words});
    float* out = logits.mutable_data();
    const py::gil_scoped_release release;
    encoder.next_words(batch, threads, {out, batch.ids.size() * words});
    return logits;
}

// Likeliest next words, and the losses of those that follow.
std::pair<py::array_t<std::int32_t>, py::array_t<float>> judge(const Encoder& encoder, const Ids& ids,
                                                               const Ids& types, const Offsets& offsets,
                                                               const Ids& following, int threads) {
    const Batch batch = make_batch(encoder.shape(), ids, types, offsets);
    const auto tokens = static_cast<py::ssize_t>(batch.ids.size());
    std::pair found{py::array_t<std::int32_t>(tokens), py::array_t<float>(tokens)};
    const std::span best(found.first.mutable_data(), batch.ids.size());
    const std::span loss(found.second.mutable_data(), batch.ids.size());
    const py::gil_scoped_release release;
    encoder.judge(batch, view(following), threads, best, loss);
    return found;
}

std::map<std::string, float> calibrate(const Encoder& encoder, const Ids& ids, const Ids& types,
                                       const Offsets& offsets, int threads) {
    const Batch batch = make_batch(encoder.shape(), ids, types, offsets);
    std::vector<float> most;
    {
        const py::gil_scoped_release release;
        most = encoder.calibrate(batch, threads);
    }
    const std::vector<std::string> places = encoder.places();
    std::map<std::string, float> by_name;
    for (std::size_t p = 0; p < places.size(); ++p) by_name[places[p]] = most[p];
    return by_name;
}

}  // namespace

void bind_transformer(py::module_& core) {
    py::module_ transformer = core.def_submodule("transformer");
    py::class_<Products, std::shared_ptr<Products>>(transformer, "Products")
        .def_property_readonly("name", &Products::name)
        .def_property_readonly("fast_bf16", &Products::fast_bf16);
    const auto shared = [](std::shared_ptr<const Products> products) {
        return std::const_pointer_cast<Products>(std::move(products));
    };
    transformer.def("eigen", [shared] { return shared(eigen_products()); });
    transformer.def(
        "open_onednn", [shared](const std::string& plugin) { return shared(open_onednn_products(plugin)); },
        py::arg("plugin"));
    transformer.def(
        "with_tiles",
        [shared](std::shared_ptr<Products> products) { return shared(with_tiles(std::move(products))); },
        py::arg("products"));
    py::class_<Encoder>(transformer, "Encoder")
        .def(py::init([](std::shared_ptr<Products> products, const py::dict& shape, const Arrays& tensors,
                         const std::optional<py::dict>& activations, const std::optional<py::dict>& spans) {
                 return make_encoder(std::move(products), shape, tensors, activations, spans);
             }),
             py::arg("products"), py::arg("shape"), py::arg("tensors"), py::arg("activations") = py::none(),
             py::arg("spans") = py::none())
        .def_property_readonly("exits", &Encoder::exits)
        .def_property_readonly("places", &Encoder::places)
        .def_property_readonly("path", &Encoder::path)
        .def(
            "with_tensor",
            [](const Encoder& encoder, const Arrays& tensors, const std::string& name) {
                const Tensors views = make_tensors(tensors);
                const py::gil_scoped_release release;
                return encoder.with_tensor(views, name);
            },
            py::arg("tensors"), py::arg("name"))
        .def("trace", &trace, py::arg("ids"), py::arg("types"), py::arg("offsets"), py::arg("threads") = 0,
             py::arg("progress") = py::none(), py::arg("faults") = py::none(), py::arg("seed") = 0,
             py::arg("trial") = 0)
        .def("run", &run, py::arg("ids"), py::arg("types"), py::arg("offsets"), py::arg("leave"),
             py::arg("score"), py::arg("threads") = 0)
        .def("hidden", &hidden, py::arg("ids"), py::arg("types"), py::arg("offsets"), py::arg("threads") = 0)
        .def("next_words", &next_words, py::arg("ids"), py::arg("types"), py::arg("offsets"),
             py::arg("threads") = 0)
        .def("judge", &judge, py::arg("ids"), py::arg("types"), py::arg("offsets"), py::arg("following"),
             py::arg("threads") = 0)
        .def("calibrate", &calibrate, py::arg("ids"), py::arg("types"), py::arg("offsets"),
             py::arg("threads") = 0);
    transformer.def("reading", &reading, py::arg("encoder"), py::arg("ids"), py::arg("types"),
                    py::arg("offsets"), py::arg("tensor"), py::arg("rows"));
    bind_trials(transformer);
    bind_fixed_point(transformer);
    bind_blocks(transformer);
    bind_integer(transformer);
    bind_timed_products(transformer);
}

}  // namespace siliconbert
