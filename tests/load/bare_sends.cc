#include "tests/load/bare_sends.h"

#include <curl/curl.h>

#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"

namespace vinculo::load {
namespace {

struct CloseEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct CloseMulti {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

size_t Drop(char*, size_t size, size_t count, void*) { return size * count; }

struct Request {
  std::unique_ptr<CURL, CloseEasy> easy;
  std::string body;
};

std::string Body(const BareSendsOptions& options, int64_t n) {
  return absl::StrCat(R"({"messaging_product":"whatsapp","recipient_type":"individual","to":"+549115)",
                      absl::StrFormat("%07d", n), R"(","biz_opaque_callback_data":"m1:)", n,
                      R"(:1","type":"template","template":{"name":")", options.template_name,
                      R"(","language":{"code":")", options.language,
                      R"("},"components":[{"type":"body","parameters":[{"type":"text","text":"Ana"}]}]}})");
}

void Load(Request& request, const BareSendsOptions& options, int64_t n) {
  request.body = Body(options, n);
  curl_easy_setopt(request.easy.get(), CURLOPT_POSTFIELDS, request.body.c_str());
  curl_easy_setopt(request.easy.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(request.body.size()));
}

}  // namespace

absl::StatusOr<double> RunBareSends(const BareSendsOptions& options) {
  const std::unique_ptr<CURLM, CloseMulti> multi(curl_multi_init());
  std::unique_ptr<curl_slist, FreeList> headers(curl_slist_append(nullptr, "Content-Type: application/json"));
  curl_slist_append(headers.get(), absl::StrCat("Authorization: Bearer ", options.access_token).c_str());
  curl_slist_append(headers.get(), "Expect:");
  std::vector<Request> requests(options.in_flight);
  int64_t begun = 0, ended = 0;
  const absl::Time start = absl::Now();
  for (Request& request : requests) {
    request.easy.reset(curl_easy_init());
    curl_easy_setopt(request.easy.get(), CURLOPT_URL, options.url.c_str());
    curl_easy_setopt(request.easy.get(), CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(request.easy.get(), CURLOPT_WRITEFUNCTION, Drop);
    curl_easy_setopt(request.easy.get(), CURLOPT_PROXY, "");
    curl_easy_setopt(request.easy.get(), CURLOPT_PRIVATE, &request);
    Load(request, options, begun++);
    curl_multi_add_handle(multi.get(), request.easy.get());
  }
  while (ended < options.count) {
    int running = 0, left = 0;
    curl_multi_perform(multi.get(), &running);
    while (const CURLMsg* message = curl_multi_info_read(multi.get(), &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      CURL* const easy = message->easy_handle;
      const CURLcode result = message->data.result;
      long status = 0;
      Request* request = nullptr;
      curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
      curl_easy_getinfo(easy, CURLINFO_PRIVATE, &request);
      if (result != CURLE_OK || status != 200) {
        return absl::UnavailableError(
            absl::StrCat("a send ended with ", curl_easy_strerror(result), ", status ", status));
      }
      ++ended;
      curl_multi_remove_handle(multi.get(), easy);
      if (begun >= options.count) continue;
      Load(*request, options, begun++);
      curl_multi_add_handle(multi.get(), easy);
    }
    if (ended < options.count) curl_multi_poll(multi.get(), nullptr, 0, 100, nullptr);
  }
  const double rate = static_cast<double>(ended) / absl::ToDoubleSeconds(absl::Now() - start);
  for (Request& request : requests) curl_multi_remove_handle(multi.get(), request.easy.get());
  return rate;
}

}  // namespace vinculo::load
