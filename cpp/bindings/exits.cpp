// Early exit: entropy, the rules, the threshold search, the exit predictor.
#include "bindings.hpp"
#include "siliconbert/base/check.hpp"
#include "siliconbert/exits/entropy.hpp"
#include "siliconbert/exits/lut.hpp"
#include "siliconbert/exits/patience.hpp"
#include "siliconbert/exits/predictor.hpp"
#include "siliconbert/exits/rules.hpp"
#include "siliconbert/exits/threshold.hpp"

namespace siliconbert {

namespace {

// Rows and columns of a sentences x layers array.
std::size_t layers_of(const InArray<float>& entropy, const char* function) {
    require(entropy.ndim() == 2, function, ": entropy must have 2 dimensions (sentences, layers), got ",
            entropy.ndim());
    return static_cast<std::size_t>(entropy.shape(1));
}

using Scores = std::vector<float> (*)(std::span<const float>, std::size_t);

py::array_t<float> score_array(const InArray<float>& logits, const char* function, Scores scores) {
    require(logits.ndim() >= 1, function, ": logits must have at least 1 dimension, got ", logits.ndim());
    const std::vector<py::ssize_t> shape(logits.shape(), logits.shape() + logits.ndim() - 1);
    const auto classes = static_cast<std::size_t>(logits.shape(logits.ndim() - 1));
    return to_array(scores(view(logits), classes)).reshape(shape);
}

py::array_t<float> entropy_array(const InArray<float>& logits) {
    return score_array(logits, "entropy", &entropies);
}

py::array_t<float> doubt_array(const InArray<float>& logits) { return score_array(logits, "doubt", &doubts); }

py::array_t<std::int32_t> patience_array(const InArray<std::int32_t>& answers, int patience) {
    require(answers.ndim() == 2, "by_patience: answers must have 2 dimensions (sentences, layers), got ",
            answers.ndim());
    return to_array(by_patience(view(answers), static_cast<std::size_t>(answers.shape(1)), patience));
}

py::array_t<std::int32_t> replay_array(Leave& leave, const InArray<float>& entropy) {
    const std::size_t layers = layers_of(entropy, "replay");
    return to_array(replay(leave, view(entropy), layers));
}

double threshold_array(const Rule& rule, const InArray<float>& entropy, const InArray<std::uint8_t>& correct,
                       double allowed_loss) {
    const std::size_t layers = layers_of(entropy, "threshold_for");
    const auto entropy_view = view(entropy);
    const auto correct_view = view(correct);
    py::gil_scoped_release release;
    return largest_threshold(rule, entropy_view, correct_view, layers, allowed_loss);
}

Predictor train_array(const InArray<float>& entropy, std::size_t first, std::uint64_t seed, int epochs,
                      std::size_t batch, double learning_rate) {
    const std::size_t layers = layers_of(entropy, "Predictor.train");
    const auto entropy_view = view(entropy);
    py::gil_scoped_release release;
    return Predictor::train(entropy_view, layers, first, {seed, epochs, batch, learning_rate});
}

py::array_t<double> predict_array(const Predictor& predictor, const InArray<double>& inputs) {
    const auto outputs = static_cast<py::ssize_t>(predictor.outputs());
    return to_array(predictor.predict(view(inputs))).reshape({inputs.size(), outputs});
}

py::array_t<std::int32_t> row_array(const Lut& lut, const InArray<float>& entropy) {
    std::vector<std::int32_t> rows;
    for (const float e : view(entropy)) rows.push_back(static_cast<std::int32_t>(lut.row(e)));
    return to_array(std::move(rows));
}

py::array_t<std::int32_t> predicted_array(const PredictionRule& rule, const InArray<double>& entropy,
                                          double threshold) {
    std::vector<std::int32_t> layers;
    for (const double e : view(entropy)) layers.push_back(rule.predict(e, threshold));
    return to_array(std::move(layers));
}

void bind_rules(py::module_& exits) {
    py::class_<Lut>(exits, "Lut")
        .def(py::init<std::vector<double>, std::vector<double>>(), py::arg("keys"), py::arg("entropies"))
        .def_property_readonly("columns", &Lut::columns)
        .def("rows", &row_array, py::arg("entropy"));
    py::class_<Rule>(exits, "Rule");
    py::class_<EntropyRule, Rule>(exits, "EntropyRule").def(py::init<>());
    py::class_<PredictionRule, Rule>(exits, "PredictionRule")
        .def(py::init<Lut, int, int, int, bool>(), py::arg("lut"), py::arg("layers"), py::arg("first"),
             py::arg("last_ramp"), py::arg("check_before"))
        .def("predict", &predicted_array, py::arg("entropy"), py::arg("threshold"));
    py::class_<Leave>(exits, "Leave");
    py::class_<ByEntropy, Leave>(exits, "ByEntropy").def(py::init<double>(), py::arg("threshold"));
    py::class_<ByPrediction, Leave>(exits, "ByPrediction")
        .def(py::init<PredictionRule, double>(), py::arg("rule"), py::arg("threshold"))
        .def_property_readonly("predicted", [](const ByPrediction& leave) {
            return to_array(std::vector<std::int32_t>(leave.predicted()));
        });
    exits.def("replay", &replay_array, py::arg("leave"), py::arg("entropy"));
}

}  // namespace

void bind_exits(py::module_& core) {
    py::module_ exits = core.def_submodule("exits");
    exits.def("entropy", &entropy_array, py::arg("logits"));
    exits.def("doubt", &doubt_array, py::arg("logits"));
    exits.def("by_patience", &patience_array, py::arg("answers"), py::arg("patience"));
    bind_rules(exits);
    exits.def("largest_threshold", &threshold_array, py::arg("rule"), py::arg("entropy"), py::arg("correct"),
              py::arg("allowed_loss"));
    py::class_<Predictor>(exits, "Predictor")
        .def_static("train", &train_array, py::arg("entropy"), py::arg("first"), py::arg("seed"),
                    py::arg("epochs"), py::arg("batch"), py::arg("learning_rate"))
        .def_property_readonly("outputs", &Predictor::outputs)
        .def("predict", &predict_array, py::arg("inputs"));
}

}  // namespace siliconbert
