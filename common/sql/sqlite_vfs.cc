#include "common/sql/sqlite_vfs.h"

#include <sqlite3.h>

#include <cstring>
#include <memory>
#include <new>
#include <string>

namespace vinculo::sql {
namespace {

std::atomic<FileFault*> g_fault{nullptr};

int Ask(FileOperation operation, const char* path) {
  FileFault* fault = g_fault.load(std::memory_order_acquire);
  return fault == nullptr ? SQLITE_OK : (*fault)(operation, path == nullptr ? "" : path);
}

// What was written to a write-ahead log and not yet passed on. SQLite writes two pieces for each page of a commit, one
// after the other, and nobody looks at them before the sync; so they go to the system as one.
struct Gathered {
  std::string bytes;
  sqlite3_int64 offset = 0;
};
constexpr size_t kGatherMax = 0x1ffff;  // SQLite's unix layer takes no more in one write

// Our file, followed in the same allocation by the real one.
struct File {
  sqlite3_file base;
  const char* path;    // owned by SQLite, lives as long as the file
  Gathered* gathered;  // null for other files
  sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
};

File* Mine(sqlite3_file* file) { return reinterpret_cast<File*>(file); }
sqlite3_file* Real(sqlite3_file* file) { return Mine(file)->real(); }

int WriteNow(sqlite3_file* file, const void* from, int amount, sqlite3_int64 offset) {
  if (const int code = Ask(FileOperation::kWrite, Mine(file)->path); code != SQLITE_OK) return code;
  GetVfsCounters().writes.fetch_add(1, std::memory_order_relaxed);
  return Real(file)->pMethods->xWrite(Real(file), from, amount, offset);
}

int PassOn(sqlite3_file* file) {
  Gathered* const gathered = Mine(file)->gathered;
  if (gathered == nullptr || gathered->bytes.empty()) return SQLITE_OK;
  const int code = WriteNow(file, gathered->bytes.data(), static_cast<int>(gathered->bytes.size()), gathered->offset);
  gathered->bytes.clear();  // after a failure the transaction ends, and what it wrote counts for nothing
  return code;
}

int Close(sqlite3_file* file) {
  PassOn(file);
  delete Mine(file)->gathered;
  return Real(file)->pMethods->xClose(Real(file));
}
int Read(sqlite3_file* file, void* to, int amount, sqlite3_int64 offset) {
  if (const int code = Ask(FileOperation::kRead, Mine(file)->path); code != SQLITE_OK) return code;
  if (const int code = PassOn(file); code != SQLITE_OK) return code;
  return Real(file)->pMethods->xRead(Real(file), to, amount, offset);
}
int Write(sqlite3_file* file, const void* from, int amount, sqlite3_int64 offset) {
  Gathered* const gathered = Mine(file)->gathered;
  if (gathered == nullptr) return WriteNow(file, from, amount, offset);
  const bool follows = offset == gathered->offset + static_cast<sqlite3_int64>(gathered->bytes.size());
  if (!follows || gathered->bytes.size() + static_cast<size_t>(amount) > kGatherMax) {
    if (const int code = PassOn(file); code != SQLITE_OK) return code;
  }
  if (gathered->bytes.empty()) gathered->offset = offset;
  gathered->bytes.append(static_cast<const char*>(from), static_cast<size_t>(amount));
  return SQLITE_OK;
}
int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  if (const int code = Ask(FileOperation::kTruncate, Mine(file)->path); code != SQLITE_OK) return code;
  if (const int code = PassOn(file); code != SQLITE_OK) return code;
  return Real(file)->pMethods->xTruncate(Real(file), size);
}
int Sync(sqlite3_file* file, int flags) {
  if (const int code = Ask(FileOperation::kSync, Mine(file)->path); code != SQLITE_OK) return code;
  if (const int code = PassOn(file); code != SQLITE_OK) return code;
  GetVfsCounters().syncs.fetch_add(1, std::memory_order_relaxed);
  return Real(file)->pMethods->xSync(Real(file), flags);
}
int FileSize(sqlite3_file* file, sqlite3_int64* size) {
  if (const int code = PassOn(file); code != SQLITE_OK) return code;
  return Real(file)->pMethods->xFileSize(Real(file), size);
}
int Lock(sqlite3_file* file, int level) { return Real(file)->pMethods->xLock(Real(file), level); }
int Unlock(sqlite3_file* file, int level) { return Real(file)->pMethods->xUnlock(Real(file), level); }
int CheckReservedLock(sqlite3_file* file, int* out) {
  return Real(file)->pMethods->xCheckReservedLock(Real(file), out);
}
int FileControl(sqlite3_file* file, int op, void* arg) {
  return Real(file)->pMethods->xFileControl(Real(file), op, arg);
}
int SectorSize(sqlite3_file* file) { return Real(file)->pMethods->xSectorSize(Real(file)); }
int Characteristics(sqlite3_file* file) { return Real(file)->pMethods->xDeviceCharacteristics(Real(file)); }
int ShmMap(sqlite3_file* file, int page, int size, int extend, void volatile** out) {
  if (const int code = Ask(FileOperation::kShm, Mine(file)->path); code != SQLITE_OK) return code;
  return Real(file)->pMethods->xShmMap(Real(file), page, size, extend, out);
}
int ShmLock(sqlite3_file* file, int offset, int n, int flags) {
  return Real(file)->pMethods->xShmLock(Real(file), offset, n, flags);
}
void ShmBarrier(sqlite3_file* file) { Real(file)->pMethods->xShmBarrier(Real(file)); }
int ShmUnmap(sqlite3_file* file, int remove) { return Real(file)->pMethods->xShmUnmap(Real(file), remove); }
int Fetch(sqlite3_file* file, sqlite3_int64 offset, int amount, void** out) {
  return Real(file)->pMethods->xFetch(Real(file), offset, amount, out);
}
int Unfetch(sqlite3_file* file, sqlite3_int64 offset, void* page) {
  return Real(file)->pMethods->xUnfetch(Real(file), offset, page);
}

constexpr sqlite3_io_methods kMethods = {3,
                                         Close,
                                         Read,
                                         Write,
                                         Truncate,
                                         Sync,
                                         FileSize,
                                         Lock,
                                         Unlock,
                                         CheckReservedLock,
                                         FileControl,
                                         SectorSize,
                                         Characteristics,
                                         ShmMap,
                                         ShmLock,
                                         ShmBarrier,
                                         ShmUnmap,
                                         Fetch,
                                         Unfetch};

int Open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  auto* real_vfs = static_cast<sqlite3_vfs*>(vfs->pAppData);
  file->pMethods = nullptr;
  if (const int code = Ask(FileOperation::kOpen, name); code != SQLITE_OK) return code;
  File* mine = new (file) File{{nullptr}, name, nullptr};
  const int code = real_vfs->xOpen(real_vfs, name, mine->real(), flags, out_flags);
  if (mine->real()->pMethods != nullptr) mine->base.pMethods = &kMethods;
  if (code == SQLITE_OK && (flags & SQLITE_OPEN_WAL) != 0) mine->gathered = new Gathered;
  return code;
}

}  // namespace

VfsCounters& GetVfsCounters() {
  static VfsCounters counters;
  return counters;
}

const char* SqliteVfsName() {
  static const char* const name = [] {
    // Before SQLite's first use: its allocation statistics take a global lock on every malloc, and nobody reads them.
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    static constexpr char kName[] = "vinculo";
    sqlite3_vfs* real = sqlite3_vfs_find(nullptr);
    static sqlite3_vfs shim;
    shim = *real;  // everything but opening a file is the default layer's
    shim.szOsFile = static_cast<int>(sizeof(File)) + real->szOsFile;
    shim.zName = kName;
    shim.pNext = nullptr;
    shim.pAppData = real;
    shim.xOpen = Open;
    sqlite3_vfs_register(&shim, 0);
    return kName;
  }();
  return name;
}

void InstallFileFault(FileFault fault) {
  FileFault* next = fault ? new FileFault(std::move(fault)) : nullptr;
  delete g_fault.exchange(next, std::memory_order_acq_rel);
}

}  // namespace vinculo::sql
