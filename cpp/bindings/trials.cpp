// Trials of faults on a network.
#include "siliconbert/transformer/trials.hpp"

#include <atomic>
#include <functional>
#include <memory>
#include <thread>

#include "siliconbert/transformer/stored_tensor.hpp"
#include "transformer.hpp"

namespace siliconbert {

namespace {

// Ctrl-C during a long call: the thread that made the call looks for it, the others follow.
class Interrupts {
 public:
    struct Stop {};

    void operator()() {
        if (std::this_thread::get_id() == caller_ && !stopped_) {
            const py::gil_scoped_acquire gil;
            stopped_ = PyErr_CheckSignals() != 0;
        }
        if (stopped_) throw Stop();
    }

 private:
    std::thread::id caller_ = std::this_thread::get_id();
    std::atomic<bool> stopped_ = false;
};

// Trials and what they look into.
class KeptTrials {
 public:
    KeptTrials(const Encoder& encoder, Ids ids, Ids types, Offsets offsets, std::uint64_t seed,
               const std::optional<py::dict>& memory, std::shared_ptr<DisturbActivations> activations,
               bool reuse)
        : ids_(std::move(ids)),
          types_(std::move(types)),
          offsets_(std::move(offsets)),
          activations_(std::move(activations)),
          width_(encoder.exits().size()),
          classes_(encoder.shape().classes),
          trials_({encoder, make_batch(encoder.shape(), ids_, types_, offsets_), seed, make_memory(memory),
                   activations_.get(), reuse}) {}

    // What events are counted by.
    std::vector<std::string> regions() const {
        std::vector<std::string> names = trials_.regions();
        if (activations_ != nullptr) names.push_back("activations");
        return names;
    }

    py::dict run(const InArray<std::uint64_t>& trials, int threads) {
        Interrupts interrupts;
        std::vector<TrialResult> results;
        try {
            const py::gil_scoped_release release;
            results = trials_.run(view(trials), threads, std::ref(interrupts));
        } catch (const Interrupts::Stop&) {
            throw py::error_already_set();
        }
        return joined(results);
    }

 private:
    // events: (T, regions); ecc: name -> (T,); trial t's sentences are starts[t] .. starts[t + 1] - 1 of all.
    py::dict joined(const std::vector<TrialResult>& results) const {
        std::vector<std::uint64_t> events;
        std::map<std::string, std::vector<std::size_t>> ecc;
        std::vector<std::int64_t> starts{0};
        std::vector<std::int64_t> sentences;
        std::vector<float> logits;
        for (const TrialResult& result : results) {
            append(events, result.events);
            if (activations_ != nullptr) events.push_back(result.flips);
            for (const auto& [region, counts] : result.ecc) {
                ecc[region + ".corrected"].push_back(counts.corrected);
                ecc[region + ".detected"].push_back(counts.detected);
                ecc[region + ".miscorrected"].push_back(counts.miscorrected);
                ecc[region + ".silent"].push_back(counts.silent);
            }
            append(sentences, result.sentences);
            append(logits, result.logits);
            starts.push_back(static_cast<std::int64_t>(sentences.size()));
        }
        py::dict found;
        const std::size_t ran = sentences.size();
        found["logits"] = to_array(std::move(logits)).reshape({ran, width_, classes_});
        found["sentences"] = to_array(std::move(sentences));
        found["starts"] = to_array(std::move(starts));
        found["events"] = to_array(std::move(events)).reshape({results.size(), regions().size()});
        found["ecc"] = ecc;
        return found;
    }

    template <class To, class From>
    static void append(std::vector<To>& to, const std::vector<From>& from) {
        to.insert(to.end(), from.begin(), from.end());
    }

    std::optional<Memory> make_memory(const std::optional<py::dict>& given) {
        if (!given) return std::nullopt;
        tensors_ = (*given)["tensors"].cast<Arrays>();
        fault_ = (*given)["fault"].cast<std::shared_ptr<Disturb>>();
        return Memory{(*given)["image"].cast<const CodeImage&>(), (*given)["format"].cast<const Format&>(),
                      make_tensors(tensors_), *fault_};
    }

    Arrays tensors_;
    std::shared_ptr<Disturb> fault_;
    Ids ids_;
    Ids types_;
    Offsets offsets_;
    std::shared_ptr<DisturbActivations> activations_;
    std::size_t width_;
    std::size_t classes_;
    Trials trials_;
};

// A stored tensor of a network that is not ours, and one working copy of it that reads trial after trial; the
// caller sees the copy's values without copying them.
class ReadTensor {
 public:
    ReadTensor(CodeImage image, const Format& format) : clean_(std::move(image), format), copy_(clean_) {}

    // The rows that differ with these events, which must be undone before the next ones are read.
    py::array_t<std::uint32_t> read(const py::array_t<Event>& events) {
        events_.assign(events.data(), events.data() + events.size());
        check_events(clean_.image, events_, "ReadTensor.read");
        std::vector<std::uint32_t> rows;
        {
            const py::gil_scoped_release released;
            const auto differing = copy_.read(events_);
            rows.assign(differing.begin(), differing.end());
        }
        return to_array(std::move(rows));
    }

    void undo() {
        copy_.undo(events_);
        events_.clear();
    }

    py::array_t<float> values(const py::object& self) const {
        const std::vector shape{clean_.image.rows, clean_.image.columns};
        return py::array_t<float>(shape, copy_.values().data(), self);
    }

 private:
    StoredTensor clean_;
    FaultyTensor copy_;
    std::vector<Event> events_;
};

void bind_read_tensor(py::module_& transformer) {
    py::class_<ReadTensor>(transformer, "ReadTensor")
        .def(py::init<CodeImage, const Format&>(), py::arg("image"), py::arg("format"))
        .def("read", &ReadTensor::read, py::arg("events"))
        .def("undo", &ReadTensor::undo)
        .def_property_readonly(
            "values", [](const py::object& self) { return self.cast<const ReadTensor&>().values(self); });
}

}  // namespace

void bind_trials(py::module_& transformer) {
    bind_read_tensor(transformer);
    py::class_<KeptTrials>(transformer, "Trials")
        .def(py::init<const Encoder&, Ids, Ids, Offsets, std::uint64_t, const std::optional<py::dict>&,
                      std::shared_ptr<DisturbActivations>, bool>(),
             py::arg("encoder"), py::arg("ids"), py::arg("types"), py::arg("offsets"), py::arg("seed"),
             py::arg("memory") = py::none(), py::arg("activations") = py::none(), py::arg("reuse") = true)
        .def_property_readonly("regions", &KeptTrials::regions)
        .def("run", &KeptTrials::run, py::arg("trials"), py::arg("threads") = 0);
}

}  // namespace siliconbert
