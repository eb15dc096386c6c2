#include "clients/vinculoctl/commands.h"

#include <google/protobuf/util/json_util.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "common/status/error.h"

namespace vinculo::ctl {

void Context::Progress(const std::string& line) const {
  if (quiet || isatty(STDERR_FILENO) == 0) return;
  std::cerr << "\r\033[K" << line << std::flush;
}

void Check(const absl::Status& status) {
  if (!status.ok()) throw Failed{status};
}

absl::StatusOr<std::string> ReadInput(const std::string& path) {
  std::stringstream text;
  if (path == "-") {
    text << std::cin.rdbuf();
    return text.str();
  }
  std::ifstream in(path, std::ios::binary);
  if (!in) return Error(absl::StatusCode::kInvalidArgument, "FILE", absl::StrCat("cannot read ", path));
  text << in.rdbuf();
  return text.str();
}

absl::Status ParseJson(const std::string& text, const std::string& what, google::protobuf::Message* message) {
  const auto status = google::protobuf::util::JsonStringToMessage(text, message);
  if (status.ok()) return absl::OkStatus();
  return Error(absl::StatusCode::kInvalidArgument, "JSON",
               absl::StrCat(what, " is not a ", message->GetDescriptor()->name(), ": ", std::string(status.message())));
}

}  // namespace vinculo::ctl
