// Prints, one `name value` per line, how the client compares with a bare libcurl multi loop against the same listener,
// and what the listener sustains. Both sides share the machine; only the ratio travels.
#include <curl/curl.h>

#include <atomic>
#include <cstdio>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/time/clock.h"
#include "common/http/client.h"
#include "common/http/listener.h"

namespace vinculo::http {
namespace {

constexpr int kRequests = 40000;
constexpr int kInFlight = 256;
const std::string& Body() {
  static const std::string body(300, 'x');
  return body;
}

size_t Discard(char*, size_t size, size_t count, void*) { return size * count; }

double Rate(absl::Time begun) { return kRequests / absl::ToDoubleSeconds(absl::Now() - begun); }

// What someone would write who wants only speed: handles reused, curl_multi_perform and curl_multi_poll, nothing
// checked.
double BareMultiLoop(const std::string& url) {
  CURLM* multi = curl_multi_init();
  std::vector<CURL*> handles;
  curl_slist* headers = curl_slist_append(nullptr, "Content-Type: application/json");
  int started = 0;
  int finished = 0;
  const absl::Time begun = absl::Now();
  for (; started < kInFlight; ++started) {
    CURL* easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, Body().data());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, static_cast<long>(Body().size()));
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &Discard);
    curl_multi_add_handle(multi, easy);
    handles.push_back(easy);
  }
  while (finished < kRequests) {
    int running = 0;
    curl_multi_perform(multi, &running);
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
      CURL* easy = message->easy_handle;
      curl_multi_remove_handle(multi, easy);
      ++finished;
      if (started < kRequests) {
        ++started;
        curl_multi_add_handle(multi, easy);
      }
    }
    if (finished < kRequests) curl_multi_poll(multi, nullptr, 0, 1000, nullptr);
  }
  const double rate = Rate(begun);
  for (CURL* easy : handles) curl_easy_cleanup(easy);
  curl_multi_cleanup(multi);
  curl_slist_free_all(headers);
  return rate;
}

double OurClient(Client& client, const std::string& url) {
  absl::BlockingCounter done(kRequests);
  std::atomic<int> failed{0};
  const absl::Time begun = absl::Now();
  for (int i = 0; i < kRequests; ++i) {
    client.Send({.method = "POST", .url = url, .headers = {{"Content-Type", "application/json"}}, .body = Body()},
                [&](Response response) {
                  if (response.status != 200) ++failed;
                  done.DecrementCount();
                });
  }
  done.Wait();
  if (failed != 0) std::fprintf(stderr, "%d requests failed\n", failed.load());
  return Rate(begun);
}

int Main() {
  Listener listener({.address = {"127.0.0.1", 0}, .threads = 4});
  listener.Handle("POST", "/messages", [](const IncomingRequest&) {
    return Answer{.body = R"({"messages":[{"id":"wamid.x"}]})", .content_type = "application/json"};
  });
  if (!listener.Start().ok()) return 1;
  const std::string url = listener.url() + "/messages";
  ClientOptions options{.guard = AddressGuard({listener.address()}), .max_in_flight = kInFlight};
  options.max_queued = options.max_queued_per_host = kRequests;
  Client client(std::move(options));
  OurClient(client, url);  // connections and handles exist from here on
  const double bare = BareMultiLoop(url);
  const double ours = OurClient(client, url);
  std::printf("http_bare_multi_per_s %.0f\nhttp_client_per_s %.0f\nhttp_client_vs_bare_multi %.2f\n", bare, ours,
              ours / bare);
  return 0;
}

}  // namespace
}  // namespace vinculo::http

int main() { return vinculo::http::Main(); }
