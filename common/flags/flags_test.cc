#include "common/flags/flags.h"

#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "absl/flags/flag.h"
#include "common/id/uuid.h"
#include "common/testing/status_matchers.h"
#include "common/testing/temp_directory.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

ABSL_FLAG(int, test_number, 1, "a number");
ABSL_FLAG(std::string, test_text, "", "a text");

namespace vinculo::flags {
namespace {

using ::testing::ElementsAre;
using ::testing::ExitedWithCode;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::vinculo::test::IsOk;
using ::vinculo::test::StatusIs;

std::vector<std::string> ProblemFields(const Checker& check) {
  std::vector<std::string> fields;
  if (const auto details = GetErrorDetails(check.ToStatus())) {
    for (const FieldViolation& v : details->violations) fields.push_back(v.field);
  }
  return fields;
}

// Runs a main that parses and prints what it got; ends the process as main would.
void Main(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "program");
  std::vector<char*> argv;
  for (std::string& a : arguments) argv.push_back(a.data());
  argv.push_back(nullptr);
  ParseCommandLineOrExit(static_cast<int>(arguments.size()), argv.data(), "A test.");
  std::fprintf(stderr, "number=%d text=%s\n", absl::GetFlag(FLAGS_test_number), absl::GetFlag(FLAGS_test_text).c_str());
  std::exit(0);
}

TEST(Checker, AcceptsWhatIsRight) {
  Checker check;
  EXPECT_EQ(check.Address("listen", "0.0.0.0:0"), (HostPort{"0.0.0.0", 0}));
  EXPECT_EQ(check.OptionalAddress("metrics", ""), std::nullopt);
  EXPECT_THAT(check.AddressList("allow", "a:1, b:2"), ElementsAre(HostPort{"a", 1}, HostPort{"b", 2}));
  EXPECT_EQ(check.DurationWithin("drain", absl::Seconds(5), absl::Seconds(0), absl::Seconds(5)), absl::Seconds(5));
  EXPECT_EQ(check.IntWithin("threads", 1, 1, 64), 1);
  EXPECT_THAT(check.List("tenants", " demo , acme", 1, IsSlug), ElementsAre("demo", "acme"));
  EXPECT_THAT(check.List("none", ""), IsEmpty());
  EXPECT_EQ(check.OneOf("driver", "sqlite", {"sqlite", "postgres"}), "sqlite");
  EXPECT_EQ(check.LogLevel("log_level", "error"), log::Level::kError);
  EXPECT_EQ(check.LogFormat("log_format", "json"), log::Format::kJson);
  EXPECT_THAT(check.ToStatus(), IsOk());
}

TEST(Checker, ReportsEveryProblemAtOnce) {
  Checker check;
  check.Address("listen", "nowhere");
  check.AddressList("allow", "a:1,b");
  check.DurationWithin("drain", absl::Seconds(-1), absl::Seconds(0), absl::Seconds(5));
  check.IntWithin("threads", 65, 1, 64);
  check.Required("name", "");
  check.List("tenants", "Demo,,a,a", 1, IsSlug);
  check.List("none", " ", 1);
  check.OneOf("driver", "oracle", {"sqlite", "postgres"});
  check.LogLevel("log_level", "loud");
  check.LogFormat("log_format", "xml");
  check.Problem("tls_key", "needs --tls_cert too");
  EXPECT_THAT(check.ToStatus(), StatusIs(absl::StatusCode::kInvalidArgument, "INVALID_FLAGS"));
  EXPECT_THAT(ProblemFields(check),
              ElementsAre("--listen", "--allow", "--drain", "--threads", "--name", "--tenants", "--tenants",
                          "--tenants", "--none", "--driver", "--log_level", "--log_format", "--tls_key"));
}

TEST(Checker, ChecksFilesAndDirectories) {
  const test::TempDirectory directory;
  const std::string file = directory.Write("file", "x");
  Checker check;
  EXPECT_EQ(check.ReadableFile("jwks", file), file);
  EXPECT_EQ(check.OptionalReadableFile("ca", ""), "");
  EXPECT_EQ(check.WritableDirectory("data", directory.path()), directory.path());
  EXPECT_THAT(check.ToStatus(), IsOk());

  check.ReadableFile("absent", directory.File("absent"));
  check.ReadableFile("directory", directory.path());
  check.ReadableFile("empty", "");
  check.WritableDirectory("file", file);
  check.WritableDirectory("gone", directory.File("absent"));
  check.WritableDirectory("none", "");
  EXPECT_THAT(ProblemFields(check), ElementsAre("--absent", "--directory", "--empty", "--file", "--gone", "--none"));
}

TEST(Checker, RefusesAFileThatMayNotBeRead) {
  if (geteuid() == 0) GTEST_SKIP() << "root may read everything";
  const test::TempDirectory directory;
  const std::string file = directory.Write("file", "x");
  ASSERT_EQ(chmod(file.c_str(), 0), 0);
  Checker check;
  check.ReadableFile("jwks", file);
  EXPECT_THAT(ProblemFields(check), ElementsAre("--jwks"));
}

TEST(Checker, ReadsSecretsFromFiles) {
  const test::TempDirectory directory;
  Checker check;
  EXPECT_EQ(check.SecretFile("a", directory.Write("a", "hunter2\n")).Reveal(), "hunter2");
  EXPECT_EQ(check.SecretFile("b", directory.Write("b", " two\nlines\r\n")).Reveal(), " two\nlines");
  EXPECT_TRUE(check.OptionalSecretFile("c", "").empty());
  EXPECT_THAT(check.ToStatus(), IsOk());

  check.SecretFile("empty", directory.Write("empty", "\n"));
  check.SecretFile("long", directory.Write("long", std::string(64 * 1024 + 1, 'x')));
  check.SecretFile("absent", directory.File("absent"));
  EXPECT_THAT(ProblemFields(check), ElementsAre("--empty", "--long", "--absent"));
}

TEST(ParseCommandLine, ReadsFlagsAndFlagFiles) {
  const test::TempDirectory directory;
  const std::string file = directory.Write("flags", "# a comment\n--test_text=from_file\n");
  EXPECT_EXIT(Main({"--test_number=7", "--flagfile=" + file}), ExitedWithCode(0), "number=7 text=from_file");
}

TEST(ParseCommandLine, EndsWithOneAndSaysWhy) {
  EXPECT_EXIT(Main({"--no_such_flag=1"}), ExitedWithCode(1), "no_such_flag");
  EXPECT_EXIT(Main({"--test_number=many"}), ExitedWithCode(1), "many");
  EXPECT_EXIT(Main({"stray"}), ExitedWithCode(1), "'stray' is no flag");
  const test::TempDirectory directory;
  EXPECT_EXIT(Main({"--flagfile=" + directory.Write("flags", "--no_such_flag=1\n")}), ExitedWithCode(1),
              "no_such_flag");
  EXPECT_EXIT(Main({"--flagfile=" + directory.File("absent")}), ExitedWithCode(1), "absent");
}

TEST(ExitCode, PrintsEveryProblem) {
  Checker check;
  check.Required("a", "");
  check.Required("b", "");
  EXPECT_EXIT(std::exit(ExitCode(check.ToStatus())), ExitedWithCode(1), "--a: is required\nERROR: --b: is required");
  EXPECT_EXIT(std::exit(ExitCode(absl::InternalError("broken"))), ExitedWithCode(1), "ERROR: broken");
  EXPECT_EQ(ExitCode(absl::OkStatus()), 0);
}

}  // namespace
}  // namespace vinculo::flags
