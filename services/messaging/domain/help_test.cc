#include "services/messaging/domain/help.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "services/messaging/domain/import.h"

namespace vinculo::messaging {
namespace {

namespace fs = std::filesystem;

// What only an operator meets, in a log or at the start.
const std::set<std::string> kOperators = {"DATA_KEY_TOO_SHORT", "EVENT_PAYLOAD", "LEASE_HELD", "LEASE_LOST",
                                          "SECRET_UNREADABLE"};

// Every source of messaging but tests and the words themselves. Tests run in the root of the repository.
std::string Sources() {
  std::stringstream all;
  for (const auto& entry : fs::recursive_directory_iterator("services/messaging")) {
    const std::string name = entry.path().filename().string();
    const bool source = absl::EndsWith(name, ".cc") || absl::EndsWith(name, ".h");
    if (!source || absl::StrContains(name, "test") || absl::StartsWith(name, "help")) continue;
    all << std::ifstream(entry.path()).rdbuf() << "\n";
  }
  return all.str();
}

// What the first group of `pattern` matches in the sources.
std::set<std::string> Found(const std::string& sources, const char* pattern) {
  const std::regex regex(pattern);
  std::set<std::string> out;
  for (std::sregex_iterator it(sources.begin(), sources.end(), regex), end; it != end; ++it) out.insert((*it)[1]);
  return out;
}

void ExpectHelp(const std::set<std::string>& codes) {
  for (const std::string& code : codes) {
    if (kOperators.contains(code)) continue;
    EXPECT_TRUE(FindHelp(code, HelpLanguage::kSpanish)) << code << " has no help; write it in domain/help_*.cc";
  }
}

TEST(Help, EveryEntryIsWholeInBothLanguagesAndStandsOnce) {
  std::set<std::string> seen;
  for (const HelpTopic& topic : HelpTopics()) {
    EXPECT_FALSE(topic.entries.empty()) << topic.name;
    for (const HelpText& text : topic.entries) {
      EXPECT_TRUE(seen.insert(std::string(text.code)).second) << text.code << " stands twice";
      for (const absl::string_view words : {text.es.message, text.es.fix, text.en.message, text.en.fix})
        EXPECT_FALSE(words.empty()) << text.code;
      EXPECT_NE(text.es.message, text.en.message) << text.code << " is not translated";
      for (const HelpLanguage language : {HelpLanguage::kSpanish, HelpLanguage::kEnglish}) {
        const auto help = FindHelp(text.code, language);
        ASSERT_TRUE(help) << text.code;
        EXPECT_FALSE(help->link_topic.empty());
        EXPECT_FALSE(help->link_text.empty());
      }
    }
  }
}

TEST(Help, EveryCodeInTheSourcesHasAnEntry) {
  const std::string sources = Sources();
  ASSERT_GT(sources.size(), 100'000u) << "run the test in the root of the repository";
  ExpectHelp(Found(sources, "\"([TC]_[A-Z_]+)\""));
  ExpectHelp(Found(sources, R"re(StatusCode::k[A-Za-z]+,\s*"([A-Z][A-Z_0-9]+)")re"));
  ExpectHelp(Found(sources, R"re(AutoPause\([^;"]*"([A-Z_]+)")re"));
  ExpectHelp(Found(sources, R"re((?:Reject|Warn)\("([A-Z_]+)")re"));
  ExpectHelp(Found(sources, R"re(GiveUp\([^;"]*"([A-Z_]+)")re"));
  std::set<std::string> missing;
  for (std::string thing : Found(sources, R"re(NotFound\("([a-z ]+)")re")) {
    std::replace(thing.begin(), thing.end(), ' ', '_');
    missing.insert(absl::StrCat(absl::AsciiStrToUpper(thing), "_NOT_FOUND"));
  }
  EXPECT_GE(missing.size(), 7u);
  ExpectHelp(missing);
}

// The closed lists of the specification, whether or not something uses each code yet.
TEST(Help, EveryCodeOfTheClosedListsHasAnEntry) {
  ExpectHelp({"T_NAME",          "T_NAME_TAKEN",     "T_LANGUAGE",     "T_BODY",         "T_HEADER",
              "T_HEADER_SAMPLE", "T_FOOTER",         "T_BUTTON_COUNT", "T_BUTTON_ORDER", "T_BUTTON_LABEL",
              "T_BUTTON_TARGET", "T_BUTTON_DESKTOP", "T_VAR_SYNTAX",   "T_VAR_GAP",      "T_VAR_MIXED",
              "T_VAR_EDGE",      "T_VAR_ADJACENT",   "T_VAR_DENSE",    "T_EXAMPLE",      "T_SAME_TEXT",
              "T_TTL",           "T_AUTH_SHAPE",     "T_OPT_OUT",      "T_CATEGORY",     "T_EDIT_STOPS",
              "T_QUOTA"});
  ExpectHelp({"C_TEMPLATE", "C_SENDER", "C_AUDIENCE_EMPTY", "C_PARAMETER_UNMAPPED", "C_MEDIA_EXPIRES", "C_START_PAST",
              "C_NEVER_OPEN", "C_NO_RATE", "C_REACH", "C_DEADLINE", "C_LOW_CONSENT", "C_FREQUENCY", "C_QUALITY",
              "C_NO_REPLY_ROUTE"});
  ExpectHelp({"BLOCKED", "OPTED_OUT", "UNREACHABLE", "NO_CONSENT", "COUNTRY", "PHONE_REQUIRED", "LANGUAGE_UNAVAILABLE",
              "PARAMETER_MISSING", "PARAMETER_INVALID", "ERASED", "FREQUENCY_CAP", "PROVIDER_CAP", "DUPLICATE_PERSON",
              "DEADLINE", "CAMPAIGN_CANCELLED"});
  ExpectHelp({"BY_USER", "TEMPLATE_UNAVAILABLE", "TEMPLATE_QUALITY", "TEMPLATE_CATEGORY", "SENDER_BLOCKED",
              "SENDER_SPAM", "FAILURES", "CAPPED", "OPT_OUTS", "BUDGET", "PROVIDER_DOWN", "UNKNOWNS", "CANARY_FAILED",
              "PREFLIGHT"});
  ExpectHelp({"RATE", "REACH", "HOURS", "CANARY", "PROVIDER", "ANSWERS"});
  ExpectHelp({"IDENTITY_MISSING", "PHONE_INVALID", "PHONE_SCIENTIFIC", "REGION_MISSING", "BAD_ENCODING", "COLUMN_COUNT",
              "VALUE_TOO_LONG", "BAD_LANGUAGE", "BAD_ZONE", "BAD_DATE", "CONSENT_INCOMPLETE", "PHONE_NOT_MOBILE",
              "OPT_OUT_KEPT"});
  ExpectHelp({"S_CHANNEL_CONNECTED", "S_WEBHOOK_SEEN", "S_TEMPLATE_APPROVED", "S_CONTACTS_IMPORTED",
              "S_CONSENT_RECORDED", "S_TEST_RECEIVED", "S_CAMPAIGN_LAUNCHED"});
  ExpectHelp({"QUEUE_EXPIRED", "WINDOW_CLOSED", "TEMPLATE_NOT_SENDABLE", "MEDIA_EXPIRED", "PROVIDER_REFUSED",
              "PROVIDER_FAILED"});
  ExpectHelp({"INVALID_FIELDS",
              "AUDIENCE_NOT_EXPLICIT",
              "TEMPLATE_PARAMETERS",
              "CHANNEL_NOT_FOUND",
              "SENDER_NOT_FOUND",
              "TEMPLATE_NOT_FOUND",
              "CONTACT_NOT_FOUND",
              "LIST_NOT_FOUND",
              "SEGMENT_NOT_FOUND",
              "CAMPAIGN_NOT_FOUND",
              "MESSAGE_NOT_FOUND",
              "RULE_NOT_FOUND",
              "TEMPLATE_EXISTS",
              "NAME_TAKEN",
              "IDENTITY_TAKEN",
              "PROVIDER_ID_TAKEN",
              "LINT_ERRORS",
              "TEMPLATE_IN_USE",
              "TEMPLATE_LOCKED",
              "EDIT_QUOTA",
              "NO_SENDER",
              "OPT_OUT_BY_PERSON",
              "CONTACT_BLOCKED",
              "CONTACT_ERASED",
              "PREFLIGHT_BLOCKED",
              "CAMPAIGN_STATE",
              "NOTHING_TO_RETRY",
              "MESSAGE_NOT_QUEUED",
              "QUOTA_EXCEEDED",
              "RATE_LIMITED",
              "QUEUE_FULL",
              "STORAGE_FULL",
              "PROVIDER_UNAVAILABLE",
              "STORE_UNAVAILABLE",
              "ROLE_REQUIRED",
              "REQUEST_ID_REUSED",
              "ETAG_MISMATCH",
              "PAGE_TOKEN"});
}

TEST(Help, ExplainsEveryErrorOfWhatsAppByItsClassOrInWordsOfItsOwn) {
  const auto message = [](const char* code) { return FindHelp(code, HelpLanguage::kEnglish)->message; };
  EXPECT_EQ(message("LATER_131049"), message("PROVIDER_131049"));
  EXPECT_EQ(FindHelp("LATER_131049", HelpLanguage::kEnglish)->code, "LATER_131049");
  std::set<std::string> classes;
  for (const char* code :
       {"PROVIDER_131016", "PROVIDER_131062", "PROVIDER_132005", "PROVIDER_200", "PROVIDER_131008", "PROVIDER_999999"})
    classes.insert(message(code));
  EXPECT_EQ(classes.size(), 6u) << "each class has words of its own";
  EXPECT_EQ(message("PROVIDER_429"), message("PROVIDER_131016")) << "a bare HTTP 429 is to be tried again";
  for (int code = 0; code < 140'000; code += 7)
    ASSERT_TRUE(FindHelp(absl::StrCat("PROVIDER_", code), HelpLanguage::kSpanish)) << code;
}

TEST(Help, KnowsNoCodeThatNobodyUses) {
  for (const char* code : {"", "NO_SUCH_CODE", "PROVIDER_", "PROVIDER_x", "PROVIDER_-1", "LATER_"})
    EXPECT_FALSE(FindHelp(code, HelpLanguage::kSpanish)) << code;
  EXPECT_FALSE(ListHelp("no-such-topic", HelpLanguage::kSpanish));
}

TEST(Help, ListsByTopicInTheLanguageAskedFor) {
  const auto pauses = ListHelp("pauses", ParseHelpLanguage("en_US"));
  ASSERT_TRUE(pauses);
  EXPECT_EQ(pauses->front().code, "BY_USER");
  EXPECT_EQ(pauses->front().message, "Somebody paused it.");
  EXPECT_EQ(ListHelp("pauses", ParseHelpLanguage("es-AR"))->front().message, "Alguien la pausó.");
  EXPECT_GT(ListHelp("", HelpLanguage::kSpanish)->size(), 150u);
}

// The sections that links name exist in the page.
TEST(Help, LinksLeadToSectionsOfThePage) {
  std::stringstream page;
  page << std::ifstream("docs/messaging.md").rdbuf();
  for (const HelpTopic& topic : HelpTopics())
    EXPECT_THAT(page.str(), testing::HasSubstr(absl::StrCat("<a id=\"", topic.section, "\">"))) << topic.name;
}

TEST(Help, AnImportSaysTheSameWordsAsTheHelp) {
  EXPECT_EQ(RowFix("BAD_ZONE"), FindHelp("BAD_ZONE", HelpLanguage::kEnglish)->fix);
  EXPECT_EQ(RowFix("NO_SUCH_CODE"), "");
}

}  // namespace
}  // namespace vinculo::messaging
