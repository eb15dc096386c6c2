// Tells ThreadSanitizer what Abseil's locks order. Debian's Abseil is built without the sanitizer, so it cannot see
// inside: without this every value guarded by an absl::Mutex would be reported. These functions stand in front of the
// library's, for our calls and for gRPC's, pass them on and say which memory order they make. Part of tsan builds only.
//
// gRPC also orders by atomics and by sockets: whoever starts a call comes before whoever handles it, whoever answers
// before whoever hears the answer. That is told by one address that all of gRPC's locks pass through besides their own.
#include <dlfcn.h>
#include <link.h>

#include <cstdint>
#include <cstring>

extern "C" {

void __tsan_acquire(void* address);
void __tsan_release(void* address);
void AnnotateIgnoreReadsBegin(const char* file, int line);
void AnnotateIgnoreReadsEnd(const char* file, int line);

// absl::Duration and absl::Time as they travel in registers.
struct AbslTime {
  int64_t high;
  uint32_t low;
};

}  // extern "C"

namespace {

// Abseil looks at the conditions of waiting threads wherever a lock is given up, in whichever thread that is.
class Inside {
 public:
  Inside() { AnnotateIgnoreReadsBegin(__FILE__, __LINE__); }
  ~Inside() { AnnotateIgnoreReadsEnd(__FILE__, __LINE__); }
};

// The library's function of that name. Looked up each time: a cached pointer would itself be shared between threads.
template <class Function>
Function* Real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

struct Range {
  uintptr_t begin = 0;
  uintptr_t end = 0;
};
struct Ranges {
  Range of[4];
  int count = 0;
};

int AddIfGrpc(dl_phdr_info* module, size_t, void* out) {
  Ranges& ranges = *static_cast<Ranges*>(out);
  const bool grpc = strstr(module->dlpi_name, "/libgrpc") != nullptr || strstr(module->dlpi_name, "/libgpr") != nullptr;
  for (int i = 0; grpc && ranges.count < 4 && i < module->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = module->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0) continue;
    const uintptr_t begin = module->dlpi_addr + segment.p_vaddr;
    ranges.of[ranges.count++] = {begin, begin + segment.p_memsz};
  }
  return 0;
}

bool InGrpc(const void* caller) {
  static const Ranges ranges = [] {
    Ranges found;
    dl_iterate_phdr(AddIfGrpc, &found);
    return found;
  }();
  const auto at = reinterpret_cast<uintptr_t>(caller);
  for (int i = 0; i < ranges.count; ++i) {
    if (at >= ranges.of[i].begin && at < ranges.of[i].end) return true;
  }
  return false;
}

char grpc_order;

void Acquire(void* address, const void* caller) {
  __tsan_acquire(address);
  if (InGrpc(caller)) __tsan_acquire(&grpc_order);
}
void Release(void* address, const void* caller) {
  __tsan_release(address);
  if (InGrpc(caller)) __tsan_release(&grpc_order);
}

}  // namespace

#define VINCULO_CALLER __builtin_return_address(0)

extern "C" {

#define VINCULO_TAKES(name)           \
  void name(void* self) {             \
    {                                 \
      const Inside inside;            \
      Real<void(void*)>(#name)(self); \
    }                                 \
    Acquire(self, VINCULO_CALLER);    \
  }
#define VINCULO_GIVES(name)         \
  void name(void* self) {           \
    Release(self, VINCULO_CALLER);  \
    const Inside inside;            \
    Real<void(void*)>(#name)(self); \
  }

VINCULO_TAKES(_ZN4absl7debian35Mutex4LockEv)
VINCULO_TAKES(_ZN4absl7debian35Mutex10ReaderLockEv)
VINCULO_GIVES(_ZN4absl7debian35Mutex6UnlockEv)
VINCULO_GIVES(_ZN4absl7debian35Mutex12ReaderUnlockEv)
VINCULO_GIVES(_ZN4absl7debian312Notification6NotifyEv)
VINCULO_TAKES(_ZNK4absl7debian312Notification19WaitForNotificationEv)
VINCULO_TAKES(_ZN4absl7debian315BlockingCounter4WaitEv)

bool _ZN4absl7debian35Mutex7TryLockEv(void* self) {
  const bool taken = Real<bool(void*)>("_ZN4absl7debian35Mutex7TryLockEv")(self);
  if (taken) Acquire(self, VINCULO_CALLER);
  return taken;
}

bool _ZN4absl7debian315BlockingCounter14DecrementCountEv(void* self) {
  Release(self, VINCULO_CALLER);
  const Inside inside;
  return Real<bool(void*)>("_ZN4absl7debian315BlockingCounter14DecrementCountEv")(self);
}

// A wait gives the lock up and takes it again. `mutex` is what it waits on.
#define VINCULO_WAITS(Result, name, parameters, mutex, ...) \
  Result name parameters {                                  \
    Release(mutex, VINCULO_CALLER);                         \
    struct Again {                                          \
      void* taken;                                          \
      const void* caller;                                   \
      ~Again() { Acquire(taken, caller); }                  \
    } again{mutex, VINCULO_CALLER};                         \
    const Inside inside;                                    \
    return Real<Result parameters>(#name)(__VA_ARGS__);     \
  }
VINCULO_WAITS(void, _ZN4absl7debian35Mutex5AwaitERKNS0_9ConditionE, (void* self, const void* condition), self, self,
              condition)
VINCULO_WAITS(bool, _ZN4absl7debian35Mutex16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE,
              (void* self, const void* condition, AbslTime limit), self, self, condition, limit)
VINCULO_WAITS(bool, _ZN4absl7debian35Mutex17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE,
              (void* self, const void* condition, AbslTime limit), self, self, condition, limit)
VINCULO_WAITS(void, _ZN4absl7debian37CondVar4WaitEPNS0_5MutexE, (void* self, void* mutex), mutex, self, mutex)
VINCULO_WAITS(bool, _ZN4absl7debian37CondVar15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE,
              (void* self, void* mutex, AbslTime limit), mutex, self, mutex, limit)
VINCULO_WAITS(bool, _ZN4absl7debian37CondVar16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE,
              (void* self, void* mutex, AbslTime limit), mutex, self, mutex, limit)

}  // extern "C"
