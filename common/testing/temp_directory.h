#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace vinculo::test {

// A fresh directory of its own, removed with everything in it when the object goes. Memory-backed (/dev/shm) where the
// machine has that, else below $TMPDIR or /tmp. Aborts when none can be made: no test means anything without it.
class TempDirectory {
 public:
  TempDirectory();
  ~TempDirectory();
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;

  const std::string& path() const { return path_; }
  // The path of `name` inside the directory; creates nothing.
  std::string File(absl::string_view name) const;
  // Writes `content` to `name` and returns its path. Aborts when that fails.
  std::string Write(absl::string_view name, absl::string_view content) const;

 private:
  std::string path_;
};

}  // namespace vinculo::test
