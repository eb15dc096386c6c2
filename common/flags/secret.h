#pragma once

#include <string>
#include <utility>

namespace vinculo {

// A value that must not reach a log, an error or a metric by accident: it has no operator<<, no conversion and no
// comparison, and whoever needs the value has to say so.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}
  const std::string& Reveal() const { return value_; }
  bool empty() const { return value_.empty(); }

 private:
  std::string value_;
};

}  // namespace vinculo
