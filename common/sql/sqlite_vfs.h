#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include "absl/strings/string_view.h"

namespace vinculo::sql {

// SQLite's file layer, counted; with a commit's many small writes to the log gathered into one; and, for tests, made to
// fail on cue.

// Name under which the layer is registered. Registers it on the first call.
const char* SqliteVfsName();

// Durable syncs (fdatasync) and writes since the process started.
struct VfsCounters {
  std::atomic<uint64_t> syncs{0};
  std::atomic<uint64_t> writes{0};
};
VfsCounters& GetVfsCounters();

enum class FileOperation { kOpen, kRead, kWrite, kSync, kTruncate, kShm };

// Asked before each operation: SQLITE_OK lets it through, any other SQLite result code fails it. For tests; install
// while no database is open, nullptr takes it away.
using FileFault = std::function<int(FileOperation operation, absl::string_view path)>;
void InstallFileFault(FileFault fault);

}  // namespace vinculo::sql
