#include <dlfcn.h>

#include <stdexcept>

#include "siliconbert/base/check.hpp"
#include "siliconbert/transformer/products.hpp"

namespace siliconbert {

std::shared_ptr<const Products> open_onednn_products(const std::string& library) {
    // Never closed: objects made by the back end may outlive the caller.
    void* handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) throw std::runtime_error(say("open_onednn: ", dlerror()));
    void* symbol = dlsym(handle, "siliconbert_onednn_products");
    if (symbol == nullptr) throw std::runtime_error(say("open_onednn: ", dlerror()));
    return std::shared_ptr<const Products>(reinterpret_cast<MakeProducts>(symbol)());
}

}  // namespace siliconbert
