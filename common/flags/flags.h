#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/flags/host_port.h"
#include "common/flags/secret.h"
#include "common/log/log.h"
#include "common/status/error.h"

// From Abseil flags to a validated Config struct. A service defines its ABSL_FLAGs, parses them once in main and turns
// them into its Config through one Checker, so that an operator sees everything that is wrong in one go:
//
//   flags::ParseCommandLineOrExit(argc, argv, "Vinculo messaging: templates, campaigns, webhooks.");
//   flags::Checker check;
//   config.listen = check.Address("listen", absl::GetFlag(FLAGS_listen));
//   config.tenants = check.List("tenants", absl::GetFlag(FLAGS_tenants), 1, IsSlug);
//   RETURN_IF_ERROR(check.ToStatus());
namespace vinculo::flags {

// Parses the command line, `--flagfile=FILE` included. Ends the process: with 1 and the problem on stderr for an
// unknown flag, a value that does not parse or an argument that is no flag; with the list of flags for --help, the
// version for --version.
void ParseCommandLineOrExit(int argc, char** argv, absl::string_view description);

// Prints `status` to stderr, one problem a line, and returns the exit code 1; 0 and nothing printed when it is OK.
int ExitCode(const absl::Status& status);

// Checks flag values and collects every problem. After a problem the returned value is a default that must not be used,
// which ToStatus() prevents. `flag` is the name without dashes. Not thread-safe.
class Checker {
 public:
  // `host:port`, port 0 allowed.
  HostPort Address(absl::string_view flag, absl::string_view value);
  // The same; empty means none.
  std::optional<HostPort> OptionalAddress(absl::string_view flag, absl::string_view value);
  // `host:port,host:port`; empty means none.
  std::vector<HostPort> AddressList(absl::string_view flag, absl::string_view value);
  // Within [min, max].
  absl::Duration DurationWithin(absl::string_view flag, absl::Duration value, absl::Duration min, absl::Duration max);
  int64_t IntWithin(absl::string_view flag, int64_t value, int64_t min, int64_t max);
  // Not empty.
  std::string Required(absl::string_view flag, std::string value);
  // A regular file that this process may read.
  std::string ReadableFile(absl::string_view flag, std::string path);
  // The same; empty means none.
  std::string OptionalReadableFile(absl::string_view flag, std::string path);
  // A directory in which this process may create files.
  std::string WritableDirectory(absl::string_view flag, std::string path);
  // The content of a file of at most 64 KiB without the line end at its end; not empty.
  Secret SecretFile(absl::string_view flag, const std::string& path);
  // The same; an empty path means none.
  Secret OptionalSecretFile(absl::string_view flag, const std::string& path);
  // Comma-separated items, blanks around them removed; no empty and no repeated item; at least `min_size`; each must
  // satisfy `valid` where given. An empty value is an empty list.
  std::vector<std::string> List(absl::string_view flag, absl::string_view value, size_t min_size = 0,
                                const std::function<bool(absl::string_view)>& valid = nullptr);
  // One of `choices`.
  std::string OneOf(absl::string_view flag, std::string value, const std::vector<std::string>& choices);
  log::Level LogLevel(absl::string_view flag, absl::string_view value);
  log::Format LogFormat(absl::string_view flag, absl::string_view value);

  // A problem that only the caller can see, such as two flags that exclude each other.
  void Problem(absl::string_view flag, absl::string_view description);
  // Adds `problem` unless `condition` holds.
  void Require(bool condition, absl::string_view flag, absl::string_view problem);

  // OK, or INVALID_ARGUMENT `INVALID_FLAGS` with one violation for each problem; the field is `--flag`.
  absl::Status ToStatus() const { return problems_.ToStatus("INVALID_FLAGS"); }

 private:
  FieldViolations problems_;
};

}  // namespace vinculo::flags
