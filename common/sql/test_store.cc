#include "common/sql/test_store.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/sql/postgres_connection.h"

namespace vinculo::sql {
namespace {

std::string MakeDirectory() {
  struct stat info;
  const bool tmpfs = stat("/dev/shm", &info) == 0 && S_ISDIR(info.st_mode);
  std::string pattern = absl::StrCat(tmpfs ? "/dev/shm" : "/tmp", "/vinculo-test-XXXXXX");
  return mkdtemp(pattern.data()) == nullptr ? "" : pattern;
}

// Empty for SQLite.
const std::string& ServerUrl() {
  static const std::string* const url = [] {
    const char* set = getenv("VINCULO_TEST_STORE");
    absl::string_view text = set == nullptr ? "" : set;
    if (!absl::ConsumePrefix(&text, "@")) return new std::string(text);
    std::ifstream file{std::string(text)};
    std::string line;
    std::getline(file, line);
    return new std::string(absl::StripAsciiWhitespace(line));
  }();
  return *url;
}

void OnServer(const std::string& script) {
  auto connection = PostgresConnection::Open(ServerUrl(), nullptr);
  absl::Status status = connection.status();
  if (connection.ok()) status = (*connection)->RunScript(script);
  if (status.ok()) return;
  std::fprintf(stderr, "the test's PostgreSQL server: %s\n", status.ToString().c_str());
  std::abort();
}

}  // namespace

bool TestStore::OnPostgres() { return !ServerUrl().empty(); }

TestStore::TestStore() {
  if (!OnPostgres()) {
    place_ = MakeDirectory();
    url_ = absl::StrCat("sqlite:", place_, "/store.db");
    return;
  }
  static std::atomic<int> number{0};
  place_ = absl::StrCat("t", getpid(), "_", ++number);
  OnServer(absl::StrCat("CREATE SCHEMA ", place_));
  url_ = absl::StrCat(ServerUrl(), absl::StrContains(ServerUrl(), "?") ? "&" : "?", "options=-csearch_path%3D", place_);
}

TestStore::~TestStore() {
  if (OnPostgres()) {
    OnServer(absl::StrCat("DROP SCHEMA ", place_, " CASCADE"));
  } else {
    std::error_code ignored;
    std::filesystem::remove_all(place_, ignored);
  }
}

}  // namespace vinculo::sql
