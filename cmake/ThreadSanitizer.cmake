# Debian's Abseil is not built with ThreadSanitizer: our calls of its locks go through common/testing/tsan_abseil.cc, which
# tells the sanitizer what they order.
add_library(vinculo_tsan_abseil STATIC common/testing/tsan_abseil.cc)
target_link_libraries(vinculo_tsan_abseil PUBLIC absl::synchronization)
link_libraries(vinculo_tsan_abseil)
add_link_options(LINKER:-u,__wrap__ZN4absl7debian35Mutex4LockEv)
foreach(name
    _ZN4absl7debian312Notification6NotifyEv
    _ZN4absl7debian315BlockingCounter14DecrementCountEv
    _ZN4absl7debian315BlockingCounter4WaitEv
    _ZN4absl7debian35Mutex10ReaderLockEv
    _ZN4absl7debian35Mutex12ReaderUnlockEv
    _ZN4absl7debian35Mutex16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE
    _ZN4absl7debian35Mutex17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE
    _ZN4absl7debian35Mutex4LockEv
    _ZN4absl7debian35Mutex5AwaitERKNS0_9ConditionE
    _ZN4absl7debian35Mutex6UnlockEv
    _ZNK4absl7debian312Notification19WaitForNotificationEv)
  add_link_options(LINKER:--wrap=${name})
endforeach()
