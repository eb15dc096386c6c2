#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <csignal>
#include <memory>
#include <string>

#include "common/http/client.h"
#include "common/http/test_peer.h"
#include "common/testing/status_matchers.h"
#include "common/testing/temp_directory.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace vinculo::http {
namespace {

// As every service does: a peer that hangs up is an error of that connection only.
[[maybe_unused]] const auto kPipeIgnored = std::signal(SIGPIPE, SIG_IGN);

using ::vinculo::test::StatusIs;

// A self-signed certificate for `localhost`, and a TLS server that answers one request on each connection.
class TlsPeer {
 public:
  TlsPeer() : key_(EVP_EC_gen("P-256")), certificate_(X509_new()), context_(SSL_CTX_new(TLS_server_method())) {
    X509_set_version(certificate_, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate_), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate_), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate_), 3600);
    X509_set_pubkey(certificate_, key_);
    X509_NAME* name = X509_get_subject_name(certificate_);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"), -1, -1,
                               0);
    X509_set_issuer_name(certificate_, name);
    X509_EXTENSION* names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:localhost");
    X509_add_ext(certificate_, names, -1);
    X509_EXTENSION_free(names);
    X509_sign(certificate_, key_, EVP_sha256());
    SSL_CTX_use_certificate(context_, certificate_);
    SSL_CTX_use_PrivateKey(context_, key_);
    peer_ = std::make_unique<TestPeer>([this](TestConnection& connection, int) { Serve(connection); });
  }
  ~TlsPeer() {
    peer_.reset();
    SSL_CTX_free(context_);
    X509_free(certificate_);
    EVP_PKEY_free(key_);
  }

  std::string Pem() const {
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, certificate_);
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    std::string pem(data, static_cast<size_t>(size));
    BIO_free(bio);
    return pem;
  }
  int port() const { return peer_->port(); }
  int requests() const { return requests_; }

 private:
  void Serve(TestConnection& connection) {
    SSL* ssl = SSL_new(context_);
    SSL_set_fd(ssl, connection.fd());
    char buffer[4096];
    if (SSL_accept(ssl) == 1 && SSL_read(ssl, buffer, sizeof(buffer)) > 0) {
      ++requests_;
      const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
      SSL_write(ssl, answer.data(), static_cast<int>(answer.size()));
      SSL_shutdown(ssl);
    }
    SSL_free(ssl);
  }

  EVP_PKEY* key_;
  X509* certificate_;
  SSL_CTX* context_;
  std::atomic<int> requests_{0};
  std::unique_ptr<TestPeer> peer_;
};

ClientOptions Allowing(const TlsPeer& peer, const std::string& ca_file) {
  return {.guard = AddressGuard({{"localhost", peer.port()}, {"127.0.0.1", peer.port()}}), .ca_file = ca_file};
}

Request Post(const std::string& host, int port) {
  return {.method = "POST", .url = "https://" + host + ":" + std::to_string(port) + "/", .body = "secret"};
}

TEST(ClientTls, TalksToAPeerItCanVerify) {
  const test::TempDirectory directory;
  TlsPeer peer;
  Client client(Allowing(peer, directory.Write("ca.pem", peer.Pem())));
  const Response response = client.SendAndWait(Post("localhost", peer.port()));
  ASSERT_OK(response.transport);
  EXPECT_EQ(response.body, "ok");
}

TEST(ClientTls, SendsNothingToAPeerThatNobodyVouchesFor) {
  TlsPeer peer;
  Client client(Allowing(peer, ""));
  const Response response = client.SendAndWait(Post("localhost", peer.port()));
  EXPECT_THAT(response.transport, StatusIs(absl::StatusCode::kUnavailable, "HTTP_TLS_FAILED"));
  EXPECT_TRUE(response.not_sent());
  EXPECT_EQ(peer.requests(), 0);
}

TEST(ClientTls, SendsNothingToAPeerOfAnotherName) {
  const test::TempDirectory directory;
  TlsPeer peer;
  Client client(Allowing(peer, directory.Write("ca.pem", peer.Pem())));
  const Response response = client.SendAndWait(Post("127.0.0.1", peer.port()));
  EXPECT_THAT(response.transport, StatusIs(absl::StatusCode::kUnavailable, "HTTP_TLS_FAILED"));
  EXPECT_TRUE(response.not_sent());
  EXPECT_EQ(peer.requests(), 0);
}

TEST(ClientTls, SendsNothingToAPeerThatSpeaksNoTls) {
  const TestPeer peer([](TestConnection& connection, int) { connection.Write("HTTP/1.1 400 Bad Request\r\n\r\n"); });
  Client client(ClientOptions{.guard = AddressGuard({{"localhost", peer.port()}})});
  const Response response = client.SendAndWait(Post("localhost", peer.port()));
  EXPECT_THAT(response.transport, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_TRUE(response.not_sent());
}

}  // namespace
}  // namespace vinculo::http
