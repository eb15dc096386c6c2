#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "tests/sandbox/faults.h"
#include "tests/sandbox/http_server.h"
#include "tests/sandbox/sends.h"
#include "tests/sandbox/settings.h"
#include "tests/sandbox/template_book.h"

namespace vinculo::sandbox {

// The Graph API: finds who is meant by method and path, checks the bearer token, and answers the small calls itself
// (media, sample uploads, number state, subscriptions).
class WhatsApp {
 public:
  WhatsApp(Faults& faults, TemplateBook& templates, Sends& sends)
      : faults_(faults), templates_(templates), sends_(sends) {}

  void Configure(const GraphSettings& settings) { settings_ = &settings; }
  void Reset();
  void Handle(const HttpMessage& request, const Exchange& exchange);
  Json Counts() const;

 private:
  using Path = std::vector<absl::string_view>;

  bool Authorized(const HttpMessage& request) const;
  HttpReply Answer(const Path& path, const HttpMessage& request);
  HttpReply AnswerObject(const std::string& id, const HttpMessage& request);
  HttpReply AnswerEdge(const std::string& id, absl::string_view edge, const HttpMessage& request);
  HttpReply NumberState(const std::string& id) const;
  HttpReply UploadMedia(const HttpMessage& request);
  HttpReply DescribeMedia(const std::string& id, const HttpMessage& request) const;

  struct Media {
    std::string type;
    std::string content;
  };

  Faults& faults_;
  TemplateBook& templates_;
  Sends& sends_;
  const GraphSettings* settings_ = nullptr;
  absl::flat_hash_map<std::string, Media> media_;
  uint64_t next_media_ = 8000000001;
  uint64_t next_upload_ = 1;
  int64_t uploads_ = 0;
  int64_t subscriptions_ = 0;
  int64_t unauthorized_ = 0;
};

}  // namespace vinculo::sandbox
