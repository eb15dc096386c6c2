#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace vinculo {

// Compact JSON. Text that is no UTF-8 is replaced, never thrown over. For nlohmann::json and ordered_json.
template <class Json = nlohmann::json>
std::string DumpJson(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// What `read(const nlohmann::json&)` makes of text that we wrote ourselves. The library throws where the text or a type
// is not what it should be; this is where that ends: DATA_LOSS, whose message holds nothing of the text.
template <class T, class Read>
absl::StatusOr<T> DecodeStoredJson(absl::string_view text, Read&& read) {
  try {
    return std::forward<Read>(read)(nlohmann::json::parse(text.begin(), text.end()));
  } catch (const nlohmann::json::exception&) {
    return absl::DataLossError("a stored value cannot be read");
  }
}

}  // namespace vinculo
