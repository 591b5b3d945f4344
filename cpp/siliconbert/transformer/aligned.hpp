// Memory that begins with a cache line, which bf16 products need to run at their speed (measured: 16 bytes
// off costs 15 %); large blocks of it in large pages where the system has them, since a product walks through
// all weights again and again.
#pragma once

#include <cstddef>
#include <new>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace siliconbert {

template <class T>
struct Aligned {
    using value_type = T;

    T* allocate(std::size_t count) {
        const std::size_t bytes = count * sizeof(T);
        void* memory = ::operator new(bytes, alignment(bytes));
#if defined(__linux__)
        if (bytes >= large) madvise(memory, bytes / page * page, MADV_HUGEPAGE);
#endif
        return static_cast<T*>(memory);
    }

    void deallocate(T* memory, std::size_t count) { ::operator delete(memory, alignment(count * sizeof(T))); }

    bool operator==(const Aligned&) const = default;

 private:
    static constexpr std::size_t page = std::size_t{1} << 21;
    static constexpr std::size_t large = 2 * page;
    static std::align_val_t alignment(std::size_t bytes) {
        return std::align_val_t{bytes >= large ? page : 64};
    }
};

template <class T>
using Buffer = std::vector<T, Aligned<T>>;

}  // namespace siliconbert
