#include <dlfcn.h>

#include <stdexcept>

#include "siliconbert/base/check.hpp"
#include "siliconbert/transformer/integer/products.hpp"

namespace siliconbert {

std::shared_ptr<const IntegerProducts> open_onednn_integer_products(const std::string& library) {
    // Never closed: objects made by the back end may outlive the caller.
    void* handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) throw std::runtime_error(say("open_onednn_integer: ", dlerror()));
    void* symbol = dlsym(handle, "siliconbert_onednn_integer_products");
    if (symbol == nullptr) throw std::runtime_error(say("open_onednn_integer: ", dlerror()));
    IntegerProducts* products = reinterpret_cast<MakeIntegerProducts>(symbol)();
    if (products == nullptr) {
        throw std::runtime_error("open_onednn_integer: the processor has neither VNNI nor AMX");
    }
    return std::shared_ptr<const IntegerProducts>(products);
}

}  // namespace siliconbert
