#pragma once

#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "common/json/json_text.h"

namespace vinculo {

// Remembers what stored texts decode to, for those read with every message and seldom changed: a policy, a template.
// There is nothing to invalidate, since a text always decodes to the same. Holds at most `max` texts, then begins anew.
// One thread's own.
template <class T>
class StoredJsonMemo {
 public:
  explicit StoredJsonMemo(size_t max) : max_(max) {}

  // As DecodeStoredJson; what cannot be read is not remembered.
  template <class Read>
  absl::StatusOr<T> Decode(absl::string_view text, Read&& read) {
    if (const auto known = decoded_.find(text); known != decoded_.end()) return known->second;
    absl::StatusOr<T> decoded = DecodeStoredJson<T>(text, std::forward<Read>(read));
    if (!decoded.ok()) return decoded;
    if (decoded_.size() >= max_) decoded_.clear();
    decoded_.emplace(text, *decoded);
    return decoded;
  }

 private:
  const size_t max_;
  absl::flat_hash_map<std::string, T> decoded_;
};

}  // namespace vinculo
