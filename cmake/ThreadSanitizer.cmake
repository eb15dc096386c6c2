# Debian's Abseil is not built with ThreadSanitizer: calls of its locks, ours and gRPC's, go through
# common/testing/tsan_abseil.cc, which tells the sanitizer what they order. An object library: its functions must come before
# the shared library's of the same names.
add_library(vinculo_tsan_abseil OBJECT common/testing/tsan_abseil.cc)
link_libraries($<TARGET_OBJECTS:vinculo_tsan_abseil> ${CMAKE_DL_LIBS})
