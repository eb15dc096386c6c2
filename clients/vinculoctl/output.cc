#include "clients/vinculoctl/output.h"

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <cmath>
#include <ostream>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/csv/writer.h"
#include "common/status/error.h"

namespace vinculo::ctl {
namespace {

using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// CAMPAIGN_STATE_RUNNING of CampaignState -> RUNNING.
std::string ShortName(const EnumValueDescriptor* value) {
  std::string prefix;
  for (const char c : value->type()->name()) {
    if (absl::ascii_isupper(c) && !prefix.empty()) prefix.push_back('_');
    prefix.push_back(absl::ascii_toupper(c));
  }
  prefix.push_back('_');
  const std::string name = value->name().rfind(prefix, 0) == 0 ? value->name().substr(prefix.size()) : value->name();
  return name == "UNSPECIFIED" ? "" : name;
}

// Columns of figures are narrow: two decimals unless whole.
std::string Number(double value) {
  return value == std::floor(value) ? absl::StrFormat("%.0f", value) : absl::StrFormat("%.2f", value);
}

std::string Scalar(const Message& message, const FieldDescriptor* field) {
  const auto* reflection = message.GetReflection();
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(reflection->GetInt32(message, field));
    case FieldDescriptor::CPPTYPE_INT64:
      return absl::StrCat(reflection->GetInt64(message, field));
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(reflection->GetUInt32(message, field));
    case FieldDescriptor::CPPTYPE_UINT64:
      return absl::StrCat(reflection->GetUInt64(message, field));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return Number(reflection->GetDouble(message, field));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return Number(reflection->GetFloat(message, field));
    case FieldDescriptor::CPPTYPE_BOOL:
      return reflection->GetBool(message, field) ? "yes" : "no";
    case FieldDescriptor::CPPTYPE_ENUM:
      return ShortName(reflection->GetEnum(message, field));
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection->GetString(message, field);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  const Message& inner = reflection->GetMessage(message, field);
  if (const auto* time = dynamic_cast<const google::protobuf::Timestamp*>(&inner)) {
    return google::protobuf::util::TimeUtil::ToString(*time);
  }
  std::string json;
  google::protobuf::util::MessageToJsonString(inner, &json).ok();
  return json;
}

std::string ToJson(const Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.always_print_primitive_fields = true;
  std::string json;
  google::protobuf::util::MessageToJsonString(message, &json, options).ok();
  while (!json.empty() && json.back() == '\n') json.pop_back();
  return json;
}

size_t Width(const std::string& text) {
  return static_cast<size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

void PrintTable(std::ostream& out, const std::vector<std::vector<std::string>>& cells) {
  std::vector<size_t> widths;
  for (const auto& row : cells) {
    widths.resize(row.size());
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], Width(row[i]));
  }
  for (const auto& row : cells) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i) {
      absl::StrAppend(&line, row[i]);
      if (i + 1 < row.size()) line.append(widths[i] - Width(row[i]) + 2, ' ');
    }
    while (!line.empty() && line.back() == ' ') line.pop_back();
    out << line << "\n";
  }
}

}  // namespace

std::string CellAt(const Message& message, const std::string& path) {
  const Message* at = &message;
  const std::vector<std::string> parts = absl::StrSplit(path, '.');
  for (size_t i = 0; i < parts.size(); ++i) {
    const FieldDescriptor* field = at->GetDescriptor()->FindFieldByName(parts[i]);
    if (field == nullptr) return absl::StrCat("?", path);
    if (field->is_repeated()) {
      const int size = at->GetReflection()->FieldSize(*at, field);
      if (field->cpp_type() != FieldDescriptor::CPPTYPE_STRING) return absl::StrCat(size);
      std::vector<std::string> items;
      items.reserve(size);
      for (int n = 0; n < size; ++n) items.push_back(at->GetReflection()->GetRepeatedString(*at, field, n));
      return absl::StrJoin(items, " ");
    }
    if (field->has_presence() && !at->GetReflection()->HasField(*at, field)) return "";
    if (i + 1 == parts.size()) return Scalar(*at, field);
    at = &at->GetReflection()->GetMessage(*at, field);
  }
  return "";
}

void PrintRows(std::ostream& out, Format format, const Rows& rows, const std::vector<Column>& columns) {
  if (format == Format::kJson) {
    std::vector<std::string> items;
    for (const Message* row : rows) items.push_back(ToJson(*row));
    out << "[" << absl::StrJoin(items, ",\n") << "]\n";
    return;
  }
  std::vector<std::vector<std::string>> cells(1);
  for (const Column& column : columns) cells[0].push_back(column.title);
  for (const Message* row : rows) {
    cells.emplace_back();
    for (const Column& column : columns) cells.back().push_back(CellAt(*row, column.path));
  }
  if (format == Format::kTable) return PrintTable(out, cells);
  std::string text;
  csv::Writer writer({}, cells[0], &text);
  for (size_t i = 1; i < cells.size(); ++i) writer.Row(cells[i]);
  out << text;
}

void PrintOne(std::ostream& out, Format format, const Message& message, const std::vector<Column>& columns) {
  if (format == Format::kJson) {
    out << ToJson(message) << "\n";
  } else if (format == Format::kCsv) {
    PrintRows(out, format, {&message}, columns);
  } else {
    std::vector<std::vector<std::string>> cells;
    for (const Column& column : columns) {
      std::string value = CellAt(message, column.path);
      if (!value.empty()) cells.push_back({column.title + ":", std::move(value)});
    }
    PrintTable(out, cells);
  }
}

int PrintError(std::ostream& out, const absl::Status& status) {
  if (status.ok()) return kExitOk;
  const auto details = GetErrorDetails(status);
  out << "error: " << status.message();
  if (details && !details->reason.empty()) out << " [" << details->reason << "]";
  out << "\n";
  if (details) {
    for (const FieldViolation& violation : details->violations)
      out << "  " << violation.field << ": " << violation.description << "\n";
    for (const auto& [key, value] : details->metadata) out << "  " << key << " = " << value << "\n";
    if (details->retry_after) out << "  try again in " << absl::FormatDuration(*details->retry_after) << "\n";
  }
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kOutOfRange:
      return kExitInvalid;
    case absl::StatusCode::kNotFound:
      return kExitNotFound;
    case absl::StatusCode::kUnauthenticated:
    case absl::StatusCode::kPermissionDenied:
      return kExitDenied;
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kAborted:
      return kExitState;
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kResourceExhausted:
      return kExitUnavailable;
    default:
      return kExitFailed;
  }
}

}  // namespace vinculo::ctl
