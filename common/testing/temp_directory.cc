#include "common/testing/temp_directory.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "absl/strings/str_cat.h"

namespace vinculo::test {
namespace {

std::string Parent() {
  if (access("/dev/shm", W_OK | X_OK) == 0) return "/dev/shm";
  const char* configured = std::getenv("TMPDIR");
  return configured != nullptr && *configured != '\0' ? configured : "/tmp";
}

[[noreturn]] void Die(absl::string_view what, const std::string& path) {
  std::perror(absl::StrCat("test directory: ", what, " ", path).c_str());
  std::abort();
}

}  // namespace

TempDirectory::TempDirectory() : path_(absl::StrCat(Parent(), "/vinculo-test-XXXXXX")) {
  if (mkdtemp(path_.data()) == nullptr) Die("cannot make", path_);
}

TempDirectory::~TempDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TempDirectory::File(absl::string_view name) const { return absl::StrCat(path_, "/", name); }

std::string TempDirectory::Write(absl::string_view name, absl::string_view content) const {
  std::string path = File(name);
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(content.data(), static_cast<std::streamsize>(content.size()));
  file.close();
  if (!file) Die("cannot write", path);
  return path;
}

}  // namespace vinculo::test
