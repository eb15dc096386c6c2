#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// RETURN_IF_ERROR(expr): returns expr's status from the enclosing function unless it is OK.
#define RETURN_IF_ERROR(expr)                                           \
  do {                                                                  \
    if (absl::Status vinculo_status_ = (expr); !vinculo_status_.ok()) { \
      return vinculo_status_;                                           \
    }                                                                   \
  } while (false)

// ASSIGN_OR_RETURN(auto x, expr): unwraps a StatusOr into x, or returns its status.
#define ASSIGN_OR_RETURN(lhs, expr) VINCULO_ASSIGN_OR_RETURN_(VINCULO_CONCAT_(vinculo_status_or_, __LINE__), lhs, expr)

#define VINCULO_CONCAT_INNER_(a, b) a##b
#define VINCULO_CONCAT_(a, b) VINCULO_CONCAT_INNER_(a, b)
#define VINCULO_ASSIGN_OR_RETURN_(tmp, lhs, expr) \
  auto tmp = (expr);                              \
  if (!tmp.ok()) return std::move(tmp).status();  \
  lhs = *std::move(tmp)
