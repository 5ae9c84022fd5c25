// Floats between two pages that may not be touched.
#pragma once
#include <cstddef>
#include <new>
#include <sys/mman.h>
#include <unistd.h>

class guarded_pages {
public:
  // Whole pages with room for so many floats.
  explicit guarded_pages(std::size_t floats = 1)
      : page_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))),
        size_((floats * sizeof(float) + page_ - 1) / page_ * page_),
        all_(static_cast<char *>(
            mmap(nullptr, size_ + 2 * page_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) {
    if (all_ == MAP_FAILED || mprotect(all_ + page_, size_, PROT_READ | PROT_WRITE) != 0)
      throw std::bad_alloc();
  }
  ~guarded_pages() { munmap(all_, size_ + 2 * page_); }
  guarded_pages(const guarded_pages &) = delete;

  void forbid_writing() const {
    if (mprotect(all_ + page_, size_, PROT_READ) != 0) throw std::bad_alloc();
  }

  float *first() const { return reinterpret_cast<float *>(all_ + page_); }
  float *last(std::size_t n) const { return reinterpret_cast<float *>(all_ + page_ + size_) - n; }

private:
  const std::size_t page_, size_;
  char *const all_;
};
