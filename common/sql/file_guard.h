#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace vinculo::sql {

// Holds `<path>.lock` for as long as it lives, so that a second process fails at start instead of corrupting the store.
class FileGuard {
 public:
  // FAILED_PRECONDITION STORE_IN_USE when another process holds it, NETWORK_FILE_SYSTEM when the directory is on NFS,
  // CIFS, FUSE or 9p (write-ahead logging needs memory common to all processes, which these do not have); UNAVAILABLE
  // when the directory cannot be written.
  static absl::StatusOr<std::unique_ptr<FileGuard>> Acquire(const std::string& path);
  ~FileGuard();
  FileGuard(const FileGuard&) = delete;
  FileGuard& operator=(const FileGuard&) = delete;

 private:
  explicit FileGuard(int fd) : fd_(fd) {}
  int fd_;
};

}  // namespace vinculo::sql
