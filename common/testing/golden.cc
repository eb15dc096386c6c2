#include "common/testing/golden.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "absl/strings/str_cat.h"

namespace vinculo::test {
namespace {

struct GoldenFile {
  bool readable = false;
  std::vector<std::string> comments;
  std::vector<std::string> lines;
};

GoldenFile Read(const std::string& path) {
  GoldenFile golden;
  std::ifstream file(path);
  golden.readable = file.is_open();
  for (std::string line; std::getline(file, line);) {
    if (line.empty()) continue;
    (line.front() == '#' ? golden.comments : golden.lines).push_back(line);
  }
  return golden;
}

bool WriteAnew(const std::string& path, const GoldenFile& old, const std::vector<std::string>& lines) {
  std::ofstream file(path, std::ios::trunc);
  for (const std::string& line : old.comments) file << line << '\n';
  for (const std::string& line : lines) file << line << '\n';
  file.close();
  return static_cast<bool>(file);
}

// What stands in `a` and not in `b`, repetitions counted.
std::vector<std::string> Beyond(const std::vector<std::string>& a, std::vector<std::string> b) {
  std::vector<std::string> result;
  for (const std::string& line : a) {
    const auto it = std::find(b.begin(), b.end(), line);
    if (it == b.end()) {
      result.push_back(line);
    } else {
      b.erase(it);
    }
  }
  return result;
}

}  // namespace

testing::AssertionResult MatchesGolden(const std::vector<std::string>& lines, absl::string_view path) {
  const std::string file(path);
  const GoldenFile golden = Read(file);
  const char* update = std::getenv("UPDATE_GOLDEN");
  if (update != nullptr && absl::string_view(update) == "1") {
    if (WriteAnew(file, golden, lines)) return testing::AssertionSuccess() << file << " written anew";
    return testing::AssertionFailure() << "cannot write " << file;
  }
  if (!golden.readable) return testing::AssertionFailure() << "cannot read " << file;
  if (golden.lines == lines) return testing::AssertionSuccess();

  testing::AssertionResult failure = testing::AssertionFailure();
  failure << file << " differs (UPDATE_GOLDEN=1 writes it anew):";
  const std::vector<std::string> missing = Beyond(golden.lines, lines);
  const std::vector<std::string> unexpected = Beyond(lines, golden.lines);
  for (const std::string& line : missing) failure << "\n  missing:    " << line;
  for (const std::string& line : unexpected) failure << "\n  unexpected: " << line;
  if (missing.empty() && unexpected.empty()) failure << "\n  the same lines in another order";
  return failure;
}

}  // namespace vinculo::test
