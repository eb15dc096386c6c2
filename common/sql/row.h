#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/id/uuid.h"

namespace vinculo::sql {

// One row of a result, valid only inside the callback that receives it. Columns count from 0. Reading a NULL column
// gives 0,
// "" or the nil id; ask IsNull or use an Optional reader where NULL means something.
class Row {
 public:
  virtual bool IsNull(int column) const = 0;
  virtual int64_t Int(int column) const = 0;
  virtual double Double(int column) const = 0;
  // The view dies with the row.
  virtual absl::string_view Text(int column) const = 0;
  virtual absl::string_view Blob(int column) const = 0;

  bool Bool(int column) const { return Int(column) != 0; }
  absl::Time Time(int column) const { return absl::FromUnixMicros(Int(column)); }
  absl::Duration Duration(int column) const { return absl::Microseconds(Int(column)); }
  Uuid Id(int column) const { return Uuid::FromBytes(Blob(column)).value_or(Uuid()); }
  std::string String(int column) const { return std::string(Text(column)); }
  std::string Bytes(int column) const { return std::string(Blob(column)); }

  std::optional<int64_t> OptionalInt(int column) const {
    return IsNull(column) ? std::nullopt : std::optional<int64_t>(Int(column));
  }
  std::optional<double> OptionalDouble(int column) const {
    return IsNull(column) ? std::nullopt : std::optional<double>(Double(column));
  }
  std::optional<std::string> OptionalText(int column) const {
    return IsNull(column) ? std::nullopt : std::optional<std::string>(String(column));
  }
  std::optional<absl::Time> OptionalTime(int column) const {
    return IsNull(column) ? std::nullopt : std::optional<absl::Time>(Time(column));
  }
  std::optional<Uuid> OptionalId(int column) const {
    return IsNull(column) ? std::nullopt : Uuid::FromBytes(Blob(column));
  }

 protected:
  ~Row() = default;
};

}  // namespace vinculo::sql
