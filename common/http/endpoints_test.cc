#include "common/http/endpoints.h"

#include <string>

#include "absl/status/status.h"
#include "common/http/client.h"
#include "common/status/error.h"
#include "common/testing/status_matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace vinculo::http {
namespace {

using ::testing::HasSubstr;

class EndpointsTest : public ::testing::Test {
 protected:
  EndpointsTest() {
    ServeHealth(listener_, {.live = [this] { return live_; }, .ready = [this] { return ready_; }});
    ServeMetrics(listener_, registry_);
    EXPECT_OK(listener_.Start());
  }

  Response Get(const std::string& path) {
    Client client(ClientOptions{.guard = AddressGuard({listener_.address()})});
    return client.SendAndWait({.url = listener_.url() + path});
  }

  metrics::Registry registry_;
  absl::Status live_;
  absl::Status ready_;
  Listener listener_{{.address = {"127.0.0.1", 0}, .threads = 1}};
};

TEST_F(EndpointsTest, TellsLiveFromReady) {
  EXPECT_EQ(Get("/livez").status, 200);
  EXPECT_EQ(Get("/readyz").body, "ok\n");
  ready_ = Error(absl::StatusCode::kUnavailable, "DRAINING", "going away");
  EXPECT_EQ(Get("/livez").status, 200);
  EXPECT_EQ(Get("/readyz").status, 503);
  EXPECT_EQ(Get("/readyz").body, "DRAINING\n");
  live_ = absl::InternalError("stuck");
  EXPECT_EQ(Get("/livez").status, 503);
  EXPECT_EQ(Get("/livez").body, "stuck\n");
}

TEST_F(EndpointsTest, ServesMetricsAsPrometheusReadsThem) {
  registry_.AddCounter("mails_total", "Mails sent.").Increment(2);
  const Response response = Get("/metrics");
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.Header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(response.body, HasSubstr("mails_total 2\n"));
  EXPECT_EQ(response.Header("content-encoding"), "");
}

}  // namespace
}  // namespace vinculo::http
