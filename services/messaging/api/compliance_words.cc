// RoutingService's words for opting out and in.
#include <set>

#include "absl/strings/str_cat.h"
#include "common/api/etag.h"
#include "common/status/status_macros.h"
#include "common/text/text.h"
#include "common/text/validate.h"
#include "services/messaging/api/routing_service.h"
#include "services/messaging/store/compliance_repository.h"

namespace vinculo::messaging {
namespace {

using NamedWords = std::pair<std::string, LanguageWords>;

void ParseWords(const char* field, const google::protobuf::RepeatedPtrField<std::string>& in,
                std::set<std::string>& folded, std::vector<std::string>& out, FieldViolations& bad) {
  for (int i = 0; i < in.size() && i < kMaxComplianceWords; ++i) {
    const std::string at = text::Indexed(absl::StrCat("words.", field), i);
    std::string word = text::ParseText(at, in[i], {.min = 1, .max = 64, .single_line = true}, bad);
    const std::string key = text::Fold(word);
    if (key.empty()) {
      bad.Add(at, "has no letter or digit");
    } else if (!folded.insert(key).second) {
      bad.Add(at, "is the same as an earlier word of this language");
    }
    out.push_back(std::move(word));
  }
}

LanguageWords ParseLanguageWords(const v1::ComplianceWords& in, FieldViolations& bad) {
  LanguageWords words;
  text::CheckCount("words", in.stop_marketing_size() + in.stop_all_size() + in.start_size(), kMaxComplianceWords, bad);
  std::set<std::string> folded;
  ParseWords("stop_marketing", in.stop_marketing(), folded, words.stop_marketing, bad);
  ParseWords("stop_all", in.stop_all(), folded, words.stop_all, bad);
  ParseWords("start", in.start(), folded, words.start, bad);
  return words;
}

void RenderWords(const NamedWords& in, v1::ComplianceWords* out) {
  out->set_language(in.first);
  for (const std::string& w : in.second.stop_marketing) out->add_stop_marketing(w);
  for (const std::string& w : in.second.stop_all) out->add_stop_all(w);
  for (const std::string& w : in.second.start) out->add_start(w);
  out->set_etag(api::FormatEtag(in.second.revision));
}

}  // namespace

void RoutingService::PutComplianceWords(rpc::Call<v1::PutComplianceWordsRequest, v1::ComplianceWords> call) {
  const v1::ComplianceWords& in = call.request().words();
  FieldViolations bad;
  const std::string language = text::ParseLanguage("words.language", in.language(), bad);
  if (in.language().empty()) bad.Add("words.language", "is required");
  const std::optional<int64_t> etag = api::ParseEtag(in.etag(), bad, "words.etag");
  LanguageWords words = ParseLanguageWords(in, bad);
  if (!bad.empty()) return call.Fail(bad.ToStatus());
  context_.db.Write(
      call.scope(),
      [language, words = std::move(words), etag, now = call.now()](sql::Transaction& tx) -> absl::StatusOr<NamedWords> {
        ASSIGN_OR_RETURN(const auto all, ComplianceRepository::All(tx));
        const auto before = all.find(language);
        LanguageWords stored = words;
        stored.revision = before == all.end() ? 0 : before->second.revision;
        RETURN_IF_ERROR(api::CheckRevision("words", language, etag, stored.revision));
        if (before == all.end() && all.size() >= kMaxComplianceLanguages) {
          return Error(absl::StatusCode::kResourceExhausted, "QUOTA_EXCEEDED",
                       absl::StrCat("A tenant has words of at most ", kMaxComplianceLanguages, " languages."));
        }
        RETURN_IF_ERROR(ComplianceRepository::Put(tx, language, stored, now));
        return NamedWords(language, stored);
      },
      call.Reply(RenderWords));
}

void RoutingService::GetComplianceWords(rpc::Call<v1::GetComplianceWordsRequest, v1::GetComplianceWordsResponse> call) {
  call.Answer(context_.db.ReadInline(call.scope(), ComplianceRepository::All),
              [](const std::map<std::string, LanguageWords>& all, v1::GetComplianceWordsResponse* out) {
                for (const auto& [language, words] : all) RenderWords({language, words}, out->add_words());
              });
}

}  // namespace vinculo::messaging
