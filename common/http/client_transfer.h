#pragma once

#include <curl/curl.h>

#include <chrono>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "common/http/address_guard.h"
#include "common/http/client.h"

namespace vinculo::http {

using SteadyTime = std::chrono::steady_clock::time_point;

// One request on its way through the client: what was asked, the libcurl handle while it is under way, and what came
// back. Touched by the client's thread only, after Send has built it.
class Transfer {
 public:
  // `refusal` is why the request cannot be sent at all; OK for one that can.
  Transfer(Request request, Client::Callback done, TargetUrl target, absl::Status refusal);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  const absl::Status& refusal() const { return refusal_; }
  // Connections, queues and limits are per origin.
  std::string Origin() const;
  SteadyTime deadline() const { return deadline_; }
  CURL* easy() const { return easy_; }

  // Sets what all requests share, once for a new handle.
  static void ConfigureHandle(CURL* easy, const ClientOptions& options, curl_slist* resolve);
  // Takes `easy` and sets what this request needs; false when libcurl refuses an option.
  bool Prepare(CURL* easy);
  // Gives the handle back, free of anything of this request.
  CURL* Release();

  // Calls `done` with what came back. Once.
  void Complete(CURLcode code);
  void Fail(absl::Status status);
  // Of a completed transfer, for metrics: `2xx`, `not_sent` and so on.
  absl::string_view outcome() const { return outcome_; }
  absl::Duration elapsed() const;

 private:
  static curl_socket_t OpenSocket(void* self, curlsocktype purpose, curl_sockaddr* address);
  static int BeforeRequest(void* self, char*, char*, int, int);
  static size_t OnHeader(char* data, size_t size, size_t count, void* self);
  static size_t OnBody(char* data, size_t size, size_t count, void* self);

  bool SetMethod();
  bool SetHeaders();
  absl::Status TransportStatus(CURLcode code) const;
  void Finish();

  Request request_;
  Client::Callback done_;
  TargetUrl target_;
  absl::Status refusal_;
  SteadyTime begun_;
  SteadyTime deadline_;
  CURL* easy_ = nullptr;
  curl_slist* header_list_ = nullptr;
  Response response_;
  size_t header_bytes_ = 0;
  bool address_blocked_ = false;
  bool address_tried_ = false;
  bool too_large_ = false;
  absl::string_view outcome_;
};

// Refuses what could not be sent as it was meant: an unknown method, a body with GET or HEAD, a header that would break
// the request or that libcurl sets itself. INVALID_ARGUMENT `INVALID_REQUEST`.
absl::Status CheckRequest(const Request& request);

}  // namespace vinculo::http
