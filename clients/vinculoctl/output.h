#pragma once

#include <google/protobuf/message.h>

#include <iosfwd>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace vinculo::ctl {

enum class Format { kTable, kJson, kCsv };

// A column of a list: its heading and the path of the field it shows, such as "total.csat.percent". A repeated field
// shows its number of items, an enum its name without the prefix, an unset optional an empty cell.
struct Column {
  std::string title;
  std::string path;
};

using Rows = std::vector<const google::protobuf::Message*>;

// Prints a list: aligned columns, a JSON array of the whole messages, or CSV of the columns.
void PrintRows(std::ostream& out, Format format, const Rows& rows, const std::vector<Column>& columns);

// Prints one message: `title: value` lines, JSON, or a CSV of one row.
void PrintOne(std::ostream& out, Format format, const google::protobuf::Message& message,
              const std::vector<Column>& columns);

// The value at a path as a person reads it.
std::string CellAt(const google::protobuf::Message& message, const std::string& path);

// Prints an error for a person: what is wrong, each field at fault, what to do. Returns the exit code for it.
int PrintError(std::ostream& out, const absl::Status& status);

// Exit codes, also in --help.
inline constexpr int kExitOk = 0, kExitFailed = 1, kExitUsage = 2, kExitInvalid = 3, kExitNotFound = 4, kExitDenied = 5,
                     kExitState = 6, kExitUnavailable = 7;

}  // namespace vinculo::ctl
