#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/string_view.h"
#include "common/json/json_text.h"
#include "services/messaging/work/json_mend.h"

namespace vinculo::messaging {

// A look at JSON of strangers that never fails: what is not there, or is of another type, reads as empty. Numbers may
// come as strings and the other way round. Keeps the document alive; cheap to copy.
class JsonView {
 public:
  // One bad number or character costs only itself (json_mend.h); text that is no JSON reads as empty.
  static JsonView Parse(absl::string_view text) {
    auto document = std::make_shared<nlohmann::json>(ParseOrDiscard(text));
    if (document->is_discarded()) *document = ParseOrDiscard(MendJson(text));
    return JsonView(document, document->is_discarded() ? nullptr : document.get());
  }

  bool exists() const { return node_ != nullptr && !node_->is_null(); }
  bool is_object() const { return node_ != nullptr && node_->is_object(); }
  bool is_array() const { return node_ != nullptr && node_->is_array(); }
  // Of an array; 0 for anything else.
  size_t size() const { return is_array() ? node_->size() : 0; }

  JsonView operator[](const char* key) const {
    if (!is_object()) return JsonView(document_, nullptr);
    const auto it = node_->find(key);
    return JsonView(document_, it == node_->end() ? nullptr : &*it);
  }
  JsonView operator[](size_t index) const { return JsonView(document_, index < size() ? &(*node_)[index] : nullptr); }
  JsonView operator[](int index) const { return (*this)[static_cast<size_t>(index)]; }

  std::string Text() const {
    if (node_ == nullptr) return "";
    if (node_->is_string()) return node_->get<std::string>();
    return node_->is_number() ? node_->dump() : "";
  }
  int64_t Int() const {
    if (node_ == nullptr) return 0;
    if (node_->is_number_float()) {
      const double d = node_->get<double>();
      return d > -9e18 && d < 9e18 ? static_cast<int64_t>(d) : 0;
    }
    if (node_->is_number_unsigned()) {
      const uint64_t u = node_->get<uint64_t>();
      return u <= INT64_MAX ? static_cast<int64_t>(u) : 0;
    }
    if (node_->is_number()) return node_->get<int64_t>();
    int64_t n = 0;
    return node_->is_string() && absl::SimpleAtoi(node_->get<std::string>(), &n) ? n : 0;
  }
  double Double() const {
    if (node_ == nullptr) return 0;
    if (node_->is_number()) return node_->get<double>();
    double d = 0;
    return node_->is_string() && absl::SimpleAtod(node_->get<std::string>(), &d) ? d : 0;
  }
  // As compact JSON; "" when it is nested deeper or written longer than that.
  std::string Dump(int max_depth, size_t max_bytes) const {
    if (node_ == nullptr || !WithinDepth(*node_, max_depth)) return "";
    std::string text = DumpJson(*node_);
    return text.size() <= max_bytes ? text : "";
  }
  // Unset when it says neither.
  std::optional<bool> Flag() const {
    if (node_ != nullptr && node_->is_boolean()) return node_->get<bool>();
    const std::string text = Text();
    if (text == "true" || text == "false") return text == "true";
    return std::nullopt;
  }
  bool Bool() const { return Flag().value_or(false); }

 private:
  JsonView(std::shared_ptr<const nlohmann::json> document, const nlohmann::json* node)
      : document_(std::move(document)), node_(node) {}

  static nlohmann::json ParseOrDiscard(absl::string_view text) {
    return nlohmann::json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  }
  static bool WithinDepth(const nlohmann::json& node, int depth) {
    if (!node.is_structured()) return true;
    return depth > 0 &&
           std::all_of(node.begin(), node.end(), [&](const auto& child) { return WithinDepth(child, depth - 1); });
  }

  std::shared_ptr<const nlohmann::json> document_;
  const nlohmann::json* node_;
};

}  // namespace vinculo::messaging
