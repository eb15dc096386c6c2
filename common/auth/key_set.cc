#include "common/auth/key_set.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "common/auth/jwk.h"
#include "common/log/log.h"
#include "common/status/error.h"
#include "common/status/status_macros.h"

namespace vinculo::auth {
namespace {

// A set is read each second and searched for each new token: it is small or it is a mistake.
constexpr size_t kMaxKeys = 64;
constexpr size_t kMaxFileBytes = 1 << 20;

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return Error(absl::StatusCode::kNotFound, "KEY_SET_NOT_FOUND", absl::StrCat("cannot read the key set ", path));
  std::string text(kMaxFileBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  return text;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const KeySet>> KeySet::Parse(absl::string_view text) {
  const auto bad = [](absl::string_view message) {
    return Error(absl::StatusCode::kInvalidArgument, "INVALID_KEY_SET", message);
  };
  if (text.size() > kMaxFileBytes) return bad("the key set is larger than 1 MiB");
  const nlohmann::json document = nlohmann::json::parse(text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (!document.is_object() || !document.contains("keys") || !document["keys"].is_array()) {
    return bad("the key set is not a JSON object with an array `keys`");
  }
  auto set = std::make_shared<KeySet>();
  for (const nlohmann::json& jwk : document["keys"]) {
    ASSIGN_OR_RETURN(std::optional<Key> key, KeyFromJwk(jwk));
    if (!key) continue;
    for (const Key& other : set->keys_) {
      if (other.id == key->id) return bad(absl::StrCat("the key id '", key->id, "' is given twice"));
    }
    set->keys_.push_back(*std::move(key));
  }
  if (set->keys_.size() > kMaxKeys) return bad("the key set has more than 64 keys");
  return set;
}

const KeySet::Key* KeySet::Find(absl::string_view id, Algorithm algorithm) const {
  for (const Key& key : keys_) {
    if (absl::string_view(key.id) == id && key.algorithm == algorithm) return &key;
  }
  return nullptr;
}

absl::StatusOr<std::unique_ptr<WatchedKeySet>> WatchedKeySet::Open(std::string path, absl::Duration interval) {
  std::unique_ptr<WatchedKeySet> set(new WatchedKeySet(std::move(path)));
  RETURN_IF_ERROR(set->Refresh());
  set->thread_ = std::thread([raw = set.get(), interval] { raw->Watch(interval); });
  return set;
}

WatchedKeySet::~WatchedKeySet() {
  {
    absl::MutexLock lock(&mutex_);
    stop_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

std::shared_ptr<const KeySet> WatchedKeySet::keys() const {
  absl::MutexLock lock(&mutex_);
  return keys_;
}

absl::Status WatchedKeySet::Refresh() {
  ASSIGN_OR_RETURN(std::string text, ReadFile(path_));
  {
    absl::MutexLock lock(&mutex_);
    if (keys_ != nullptr && text == text_) return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(std::shared_ptr<const KeySet> keys, KeySet::Parse(text));
  absl::MutexLock lock(&mutex_);
  keys_ = std::move(keys);
  text_ = std::move(text);
  // After the set: whoever sees the new generation finds the new keys.
  generation_.fetch_add(1, std::memory_order_release);
  return absl::OkStatus();
}

void WatchedKeySet::Watch(absl::Duration interval) {
  absl::Status last;
  while (true) {
    {
      absl::MutexLock lock(&mutex_);
      if (mutex_.AwaitWithTimeout(absl::Condition(&stop_), interval)) return;
    }
    absl::Status status = Refresh();
    if (!status.ok()) {
      failures_.fetch_add(1);
      if (status != last)
        log::Error("the key set cannot be read; the last good one stays in force", {{"status", status}});
    }
    last = std::move(status);
  }
}

}  // namespace vinculo::auth
