#pragma once

#include <openssl/evp.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace vinculo::auth {

enum class Algorithm { kEdDsa, kEs256, kRs256 };

struct EvpKeyFree {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using EvpKey = std::unique_ptr<EVP_PKEY, EvpKeyFree>;

// Public keys by key id, read from a JSON Web Key Set (RFC 7517). Immutable.
class KeySet {
 public:
  struct Key {
    std::string id;
    Algorithm algorithm;
    EvpKey key;
  };

  // Ed25519 (OKP), P-256 (EC) and RSA of at least 2048 bits; keys of other kinds or uses are skipped, as the RFC asks.
  // INVALID_ARGUMENT when the text is no key set, holds private parts, repeats a `kid` or leaves one out.
  static absl::StatusOr<std::shared_ptr<const KeySet>> Parse(absl::string_view json);

  // Null when there is none.
  const Key* Find(absl::string_view id, Algorithm algorithm) const;
  size_t size() const { return keys_.size(); }

 private:
  std::vector<Key> keys_;
};

// Where the authenticator finds the keys of the moment. The generation changes whenever the set does. Thread-safe.
class KeySource {
 public:
  virtual std::shared_ptr<const KeySet> keys() const = 0;
  virtual uint64_t generation() const = 0;

 protected:
  ~KeySource() = default;
};

// Keys that stay as they are.
class FixedKeySet final : public KeySource {
 public:
  explicit FixedKeySet(std::shared_ptr<const KeySet> keys) : keys_(std::move(keys)) {}
  std::shared_ptr<const KeySet> keys() const override { return keys_; }
  uint64_t generation() const override { return 1; }

 private:
  const std::shared_ptr<const KeySet> keys_;
};

// A key set file that is read again when it changes; looked at once a second. A file that cannot be read or parsed
// leaves the last good set in force and counts as a failure. Replace the file atomically (rename), as Kubernetes does.
class WatchedKeySet final : public KeySource {
 public:
  // NOT_FOUND or INVALID_ARGUMENT when the first reading fails.
  static absl::StatusOr<std::unique_ptr<WatchedKeySet>> Open(std::string path,
                                                             absl::Duration interval = absl::Seconds(1));
  ~WatchedKeySet();

  std::shared_ptr<const KeySet> keys() const override;
  uint64_t generation() const override { return generation_.load(std::memory_order_acquire); }
  // Looks at the file now. The thread does this once an interval.
  absl::Status Refresh();
  int64_t failures() const { return failures_.load(); }

 private:
  explicit WatchedKeySet(std::string path) : path_(std::move(path)) {}
  void Watch(absl::Duration interval);

  const std::string path_;
  std::atomic<uint64_t> generation_{0};
  std::atomic<int64_t> failures_{0};
  mutable absl::Mutex mutex_;
  std::shared_ptr<const KeySet> keys_ ABSL_GUARDED_BY(mutex_);
  std::string text_ ABSL_GUARDED_BY(mutex_);
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace vinculo::auth
