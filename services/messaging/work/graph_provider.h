#pragma once

#include <string>

#include "absl/functional/any_invocable.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/http/client.h"
#include "services/messaging/provider_port.h"
#include "services/messaging/work/graph_json.h"
#include "services/messaging/work/graph_templates.h"

namespace vinculo::messaging {

struct GraphOptions {
  std::string base_url;  // "https://graph.facebook.com"
  std::string version = "v25.0";
  absl::Duration connect_timeout = absl::Seconds(3);
  absl::Duration total_timeout = absl::Seconds(15);
  absl::Duration media_timeout = absl::Minutes(2);  // of a whole file
  // The app whose uploads samples are; "app" is the one that the token was made for.
  std::string app_id = "app";
};

// The provider port: WhatsApp's Graph API over HTTP, its one implementation. Every call ends in exactly one callback,
// on the client's thread; nothing is ever repeated here [M-15] [M-16]. Thread-safe; `client` outlives it.
class GraphProvider final : public ProviderPort {
 public:
  GraphProvider(http::Client& client, GraphOptions options) : client_(client), options_(std::move(options)) {}

  // `body` is SendBody's.
  void Send(absl::string_view phone_number_id, absl::string_view token, std::string body,
            absl::AnyInvocable<void(SendOutcome)> done);

  // `body` is TemplateBody's.
  void CreateTemplate(absl::string_view waba_id, absl::string_view token, std::string body,
                      absl::AnyInvocable<void(TemplateAnswer)> done);
  // `body` is EditBody's.
  void EditTemplate(absl::string_view graph_id, absl::string_view token, std::string body,
                    absl::AnyInvocable<void(TemplateAnswer)> done);
  // One translation, or all of the name when `graph_id` is empty.
  void DeleteTemplate(absl::string_view waba_id, absl::string_view token, absl::string_view name,
                      absl::string_view graph_id, absl::AnyInvocable<void(ManagementAnswer)> done);
  void UnpauseTemplate(absl::string_view graph_id, absl::string_view token,
                       absl::AnyInvocable<void(ManagementAnswer)> done);
  // The app gets the webhooks of the account; no change when it does already.
  void Subscribe(absl::string_view waba_id, absl::string_view token, absl::AnyInvocable<void(ManagementAnswer)> done);
  // The first page of an account's templates, all or those that the filters let through.
  void ListTemplates(absl::string_view waba_id, absl::string_view token, absl::string_view name,
                     absl::string_view language, absl::AnyInvocable<void(TemplatePage)> done);
  // A further page, by the address that the page before gave. Refused without a call unless it lies under Graph's own
  // address: the token goes nowhere else.
  void NextTemplates(const std::string& address, absl::string_view token, absl::AnyInvocable<void(TemplatePage)> done);

  void UploadSample(absl::string_view token, SampleFile file,
                    absl::AnyInvocable<void(absl::StatusOr<std::string>)> done) override;

  void ReadNumber(absl::string_view phone_number_id, absl::string_view token,
                  absl::AnyInvocable<void(absl::StatusOr<NumberFacts>)> done) override;

  // A read mark, with the typing dots on request. `done(again)` is true when it may be tried once more.
  void MarkRead(absl::string_view phone_number_id, absl::string_view token, absl::string_view wamid, bool typing,
                absl::AnyInvocable<void(bool again)> done);

  void UploadMedia(absl::string_view phone_number_id, absl::string_view token, MediaUpload file,
                   absl::AnyInvocable<void(absl::StatusOr<std::string>)> done) override;
  void LocateMedia(absl::string_view media_id, absl::string_view token,
                   absl::AnyInvocable<void(absl::StatusOr<MediaAddress>)> done) override;
  void FetchMedia(const MediaAddress& address, absl::string_view token, size_t max_bytes,
                  absl::AnyInvocable<void(absl::StatusOr<std::string>)> done) override;

 private:
  http::Request Request(const char* method, absl::string_view path, absl::string_view token, std::string body) const;
  http::Request Address(const char* method, std::string url, absl::string_view token, std::string body) const;

  http::Client& client_;
  const GraphOptions options_;
};

}  // namespace vinculo::messaging
