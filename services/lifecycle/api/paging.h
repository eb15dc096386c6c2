#pragma once

#include <string>
#include <utility>
#include <vector>

#include "common/api/page.h"

namespace vinculo::lifecycle {

// One page of a list, and where the next begins.
template <class T>
struct Page {
  std::vector<T> items;
  std::string next_token;
};

// Cuts the row that was read beyond the page; `key` makes the token of the last row that stays.
template <class T, class Key>
Page<T> CutPage(std::vector<T> rows, int size, const api::PageScope& scope, Key key) {
  Page<T> page;
  if (rows.size() > static_cast<size_t>(size)) {
    rows.resize(size);
    page.next_token = api::EncodePageToken(scope, key(rows.back()));
  }
  page.items = std::move(rows);
  return page;
}

}  // namespace vinculo::lifecycle
