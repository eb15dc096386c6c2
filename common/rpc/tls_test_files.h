#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <fstream>
#include <string>

#include "common/rpc/server.h"
#include "common/testing/temp_directory.h"

namespace vinculo::rpc {

// A CA of its own and one certificate for localhost signed by it, P-256, as files and as text. For tests.
class TlsTestFiles {
 public:
  TlsTestFiles() {
    EVP_PKEY* const ca_key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
    EVP_PKEY* const key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
    X509* const ca = Certificate("test CA", ca_key, nullptr, ca_key);
    X509* const leaf = Certificate("localhost", key, ca, ca_key);
    ca_pem_ = Pem([&](BIO* bio) { PEM_write_bio_X509(bio, ca); });
    certificate_pem_ = Pem([&](BIO* bio) { PEM_write_bio_X509(bio, leaf); });
    key_pem_ = Pem([&](BIO* bio) { PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr); });
    X509_free(ca);
    X509_free(leaf);
    EVP_PKEY_free(ca_key);
    EVP_PKEY_free(key);
    Write("ca.pem", ca_pem_);
    Write("cert.pem", certificate_pem_);
    Write("key.pem", key_pem_);
  }
  TlsFiles files() const {
    return {.certificate = directory_.path() + "/cert.pem",
            .key = directory_.path() + "/key.pem",
            .client_ca = directory_.path() + "/ca.pem"};
  }
  const std::string& ca_pem() const { return ca_pem_; }
  const std::string& certificate_pem() const { return certificate_pem_; }
  const std::string& key_pem() const { return key_pem_; }

 private:
  static X509* Certificate(const char* name, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key) {
    X509* const certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), issuer == nullptr ? 1 : 2);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    X509_NAME* const subject = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
    X509_set_issuer_name(certificate, issuer == nullptr ? subject : X509_get_subject_name(issuer));
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer == nullptr ? certificate : issuer, certificate, nullptr, nullptr, 0);
    Extend(certificate, &context, NID_basic_constraints, issuer == nullptr ? "critical,CA:TRUE" : "CA:FALSE");
    if (issuer != nullptr) Extend(certificate, &context, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
    X509_sign(certificate, issuer_key, EVP_sha256());
    return certificate;
  }
  static void Extend(X509* certificate, X509V3_CTX* context, int id, const char* value) {
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, context, id, value);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }
  template <class Writer>
  static std::string Pem(Writer write) {
    BIO* const bio = BIO_new(BIO_s_mem());
    write(bio);
    char* data = nullptr;
    const auto size = BIO_get_mem_data(bio, &data);
    std::string text(data, static_cast<size_t>(size));
    BIO_free(bio);
    return text;
  }
  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(directory_.path() + "/" + name) << text;
  }

  test::TempDirectory directory_;
  std::string ca_pem_;
  std::string certificate_pem_;
  std::string key_pem_;
};

}  // namespace vinculo::rpc
