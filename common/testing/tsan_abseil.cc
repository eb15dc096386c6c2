// Tells ThreadSanitizer what Abseil's locks order. Debian's Abseil is built without the sanitizer, so it cannot see
// inside: without this every value guarded by an absl::Mutex would be reported. The linker sends our calls here
// (`--wrap`); each passes them on and says which memory order they make. Part of tsan builds only.
#include <cstdint>

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

}  // namespace

#define VINCULO_REAL(name) __real_##name
#define VINCULO_WRAP(name) __wrap_##name

extern "C" {

#define VINCULO_TAKES(name)             \
  void VINCULO_REAL(name)(void*);       \
  void VINCULO_WRAP(name)(void* self) { \
    {                                   \
      const Inside inside;              \
      VINCULO_REAL(name)(self);         \
    }                                   \
    __tsan_acquire(self);               \
  }
#define VINCULO_GIVES(name)             \
  void VINCULO_REAL(name)(void*);       \
  void VINCULO_WRAP(name)(void* self) { \
    __tsan_release(self);               \
    const Inside inside;                \
    VINCULO_REAL(name)(self);           \
  }

VINCULO_TAKES(_ZN4absl7debian35Mutex4LockEv)
VINCULO_TAKES(_ZN4absl7debian35Mutex10ReaderLockEv)
VINCULO_GIVES(_ZN4absl7debian35Mutex6UnlockEv)
VINCULO_GIVES(_ZN4absl7debian35Mutex12ReaderUnlockEv)
VINCULO_GIVES(_ZN4absl7debian312Notification6NotifyEv)

void VINCULO_REAL(_ZN4absl7debian35Mutex5AwaitERKNS0_9ConditionE)(void*, const void*);
void VINCULO_WRAP(_ZN4absl7debian35Mutex5AwaitERKNS0_9ConditionE)(void* self, const void* condition) {
  __tsan_release(self);
  {
    const Inside inside;
    VINCULO_REAL(_ZN4absl7debian35Mutex5AwaitERKNS0_9ConditionE)(self, condition);
  }
  __tsan_acquire(self);
}

#define VINCULO_AWAITS(name)                                                   \
  bool VINCULO_REAL(name)(void*, const void*, AbslTime);                       \
  bool VINCULO_WRAP(name)(void* self, const void* condition, AbslTime until) { \
    __tsan_release(self);                                                      \
    bool held = false;                                                         \
    {                                                                          \
      const Inside inside;                                                     \
      held = VINCULO_REAL(name)(self, condition, until);                       \
    }                                                                          \
    __tsan_acquire(self);                                                      \
    return held;                                                               \
  }
VINCULO_AWAITS(_ZN4absl7debian35Mutex16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE)
VINCULO_AWAITS(_ZN4absl7debian35Mutex17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE)

void VINCULO_REAL(_ZNK4absl7debian312Notification19WaitForNotificationEv)(const void*);
void VINCULO_WRAP(_ZNK4absl7debian312Notification19WaitForNotificationEv)(const void* self) {
  VINCULO_REAL(_ZNK4absl7debian312Notification19WaitForNotificationEv)(self);
  __tsan_acquire(const_cast<void*>(self));
}

bool VINCULO_REAL(_ZN4absl7debian315BlockingCounter14DecrementCountEv)(void*);
bool VINCULO_WRAP(_ZN4absl7debian315BlockingCounter14DecrementCountEv)(void* self) {
  __tsan_release(self);
  const Inside inside;
  return VINCULO_REAL(_ZN4absl7debian315BlockingCounter14DecrementCountEv)(self);
}
VINCULO_TAKES(_ZN4absl7debian315BlockingCounter4WaitEv)

}  // extern "C"
