#include "common/sql/file_guard.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "common/status/error.h"

namespace vinculo::sql {
namespace {

constexpr long kCifs = 0xFF534D42;  // linux/magic.h has no name for it
constexpr long kSmb2 = 0xFE534D42;
constexpr long kFuse = 0x65735546;

bool IsNetworkFileSystem(long type) {
  return type == NFS_SUPER_MAGIC || type == SMB_SUPER_MAGIC || type == kCifs || type == kSmb2 || type == kFuse ||
         type == V9FS_MAGIC || type == AFS_SUPER_MAGIC || type == CODA_SUPER_MAGIC;
}

}  // namespace

absl::StatusOr<std::unique_ptr<FileGuard>> FileGuard::Acquire(const std::string& path) {
  const std::string lock_path = path + ".lock";
  const int fd = open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    return Error(absl::StatusCode::kUnavailable, "STORE_UNAVAILABLE",
                 absl::StrCat("cannot open ", lock_path, ": ", std::strerror(errno)));
  }
  std::unique_ptr<FileGuard> guard(new FileGuard(fd));
  struct statfs info;
  if (fstatfs(fd, &info) == 0 && IsNetworkFileSystem(info.f_type)) {
    return Error(
        absl::StatusCode::kFailedPrecondition, "NETWORK_FILE_SYSTEM",
        absl::StrCat(
            path,
            " is on a network or user-space file system, where SQLite's log can be corrupted; use a block device"));
  }
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    return Error(absl::StatusCode::kFailedPrecondition, "STORE_IN_USE",
                 absl::StrCat(path, " is in use by another process"));
  }
  return guard;
}

FileGuard::~FileGuard() { close(fd_); }

}  // namespace vinculo::sql
