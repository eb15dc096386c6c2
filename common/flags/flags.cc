#include "common/flags/flags.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

#include "absl/flags/parse.h"
#include "absl/flags/usage.h"
#include "absl/flags/usage_config.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace vinculo::flags {
namespace {

constexpr size_t kMaxSecretBytes = 64 * 1024;

bool IsOurs(absl::string_view file) { return !absl::StrContains(file, "absl/"); }

// Empty when the file may be read, else what is wrong with it.
std::string WhyUnreadable(const std::string& path) {
  if (path.empty()) return "is required";
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return absl::StrCat(path, ": ", std::strerror(errno));
  if (!S_ISREG(info.st_mode)) return absl::StrCat(path, ": is not a file");
  if (access(path.c_str(), R_OK) != 0) return absl::StrCat(path, ": ", std::strerror(errno));
  return "";
}

}  // namespace

void ParseCommandLineOrExit(int argc, char** argv, absl::string_view description) {
  absl::SetProgramUsageMessage(description);
  absl::FlagsUsageConfig config;
  config.contains_help_flags = IsOurs;
  config.contains_helpshort_flags = IsOurs;
  config.version_string = [] { return std::string("vinculo 0.1.0\n"); };
  absl::SetFlagsUsageConfig(config);
  const std::vector<char*> rest = absl::ParseCommandLine(argc, argv);
  if (rest.size() <= 1) return;
  for (size_t i = 1; i < rest.size(); ++i) std::fprintf(stderr, "ERROR: '%s' is no flag\n", rest[i]);
  std::exit(1);
}

int ExitCode(const absl::Status& status) {
  if (status.ok()) return 0;
  const std::optional<ErrorDetails> details = GetErrorDetails(status);
  if (details.has_value() && !details->violations.empty()) {
    for (const FieldViolation& v : details->violations) {
      std::fprintf(stderr, "ERROR: %s: %s\n", v.field.c_str(), v.description.c_str());
    }
  } else {
    std::fprintf(stderr, "ERROR: %s\n", std::string(status.message()).c_str());
  }
  return 1;
}

void Checker::Problem(absl::string_view flag, absl::string_view description) {
  problems_.Add(absl::StrCat("--", flag), std::string(description));
}

void Checker::Require(bool condition, absl::string_view flag, absl::string_view problem) {
  if (!condition) Problem(flag, problem);
}

HostPort Checker::Address(absl::string_view flag, absl::string_view value) {
  absl::StatusOr<HostPort> address = ParseHostPort(value);
  if (address.ok()) return *std::move(address);
  Problem(flag, address.status().message());
  return {};
}

std::optional<HostPort> Checker::OptionalAddress(absl::string_view flag, absl::string_view value) {
  if (value.empty()) return std::nullopt;
  return Address(flag, value);
}

std::vector<HostPort> Checker::AddressList(absl::string_view flag, absl::string_view value) {
  std::vector<HostPort> addresses;
  for (const std::string& item : List(flag, value)) addresses.push_back(Address(flag, item));
  return addresses;
}

absl::Duration Checker::DurationWithin(absl::string_view flag, absl::Duration value, absl::Duration min,
                                       absl::Duration max) {
  Require(value >= min && value <= max, flag,
          absl::StrCat(absl::FormatDuration(value), " is not within ", absl::FormatDuration(min), " and ",
                       absl::FormatDuration(max)));
  return value;
}

int64_t Checker::IntWithin(absl::string_view flag, int64_t value, int64_t min, int64_t max) {
  Require(value >= min && value <= max, flag, absl::StrCat(value, " is not within ", min, " and ", max));
  return value;
}

std::string Checker::Required(absl::string_view flag, std::string value) {
  Require(!value.empty(), flag, "is required");
  return value;
}

std::string Checker::ReadableFile(absl::string_view flag, std::string path) {
  const std::string problem = WhyUnreadable(path);
  Require(problem.empty(), flag, problem);
  return path;
}

std::string Checker::OptionalReadableFile(absl::string_view flag, std::string path) {
  return path.empty() ? path : ReadableFile(flag, std::move(path));
}

std::string Checker::WritableDirectory(absl::string_view flag, std::string path) {
  struct stat info;
  if (path.empty()) {
    Problem(flag, "is required");
    return path;
  }
  const bool found = stat(path.c_str(), &info) == 0;
  if (found && !S_ISDIR(info.st_mode)) {
    Problem(flag, absl::StrCat(path, ": is not a directory"));
  } else if (!found || access(path.c_str(), W_OK | X_OK) != 0) {
    Problem(flag, absl::StrCat(path, ": ", std::strerror(errno)));
  }
  return path;
}

Secret Checker::SecretFile(absl::string_view flag, const std::string& path) {
  const std::string problem = WhyUnreadable(path);
  if (!problem.empty()) {
    Problem(flag, problem);
    return Secret();
  }
  std::ifstream file(path, std::ios::binary);
  std::string content(kMaxSecretBytes + 1, '\0');
  file.read(content.data(), static_cast<std::streamsize>(content.size()));
  content.resize(static_cast<size_t>(file.gcount()));
  if (content.size() > kMaxSecretBytes) {
    Problem(flag, absl::StrCat(path, ": is longer than ", kMaxSecretBytes, " bytes"));
    return Secret();
  }
  if (absl::EndsWith(content, "\n")) content.pop_back();
  if (absl::EndsWith(content, "\r")) content.pop_back();
  Require(!content.empty(), flag, absl::StrCat(path, ": is empty"));
  return Secret(std::move(content));
}

Secret Checker::OptionalSecretFile(absl::string_view flag, const std::string& path) {
  return path.empty() ? Secret() : SecretFile(flag, path);
}

std::vector<std::string> Checker::List(absl::string_view flag, absl::string_view value, size_t min_size,
                                       const std::function<bool(absl::string_view)>& valid) {
  std::vector<std::string> items;
  if (!absl::StripAsciiWhitespace(value).empty()) {
    for (absl::string_view piece : absl::StrSplit(value, ',')) {
      piece = absl::StripAsciiWhitespace(piece);
      if (piece.empty()) {
        Problem(flag, "has an empty item");
      } else if (std::find(items.begin(), items.end(), piece) != items.end()) {
        Problem(flag, absl::StrCat("names \"", piece, "\" twice"));
      } else if (valid != nullptr && !valid(piece)) {
        Problem(flag, absl::StrCat("\"", piece, "\" is not a valid item"));
      } else {
        items.emplace_back(piece);
      }
    }
  }
  Require(items.size() >= min_size, flag,
          absl::StrCat("needs at least ", min_size, min_size == 1 ? " item" : " items"));
  return items;
}

std::string Checker::OneOf(absl::string_view flag, std::string value, const std::vector<std::string>& choices) {
  Require(std::find(choices.begin(), choices.end(), value) != choices.end(), flag,
          absl::StrCat("\"", value, "\" is none of ", absl::StrJoin(choices, ", ")));
  return value;
}

log::Level Checker::LogLevel(absl::string_view flag, absl::string_view value) {
  const std::optional<log::Level> level = log::ParseLevel(value);
  Require(level.has_value(), flag, absl::StrCat("\"", value, "\" is none of debug, info, warning, error, off"));
  return level.value_or(log::Level::kInfo);
}

log::Format Checker::LogFormat(absl::string_view flag, absl::string_view value) {
  const std::optional<log::Format> format = log::ParseFormat(value);
  Require(format.has_value(), flag, absl::StrCat("\"", value, "\" is none of text, json"));
  return format.value_or(log::Format::kText);
}

}  // namespace vinculo::flags
