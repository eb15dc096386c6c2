#pragma once

#include <memory>
#include <vector>

#include "absl/functional/function_ref.h"
#include "services/profiling/domain/compiled_flow.h"
#include "services/profiling/domain/flow.h"
#include "services/profiling/domain/matrix.h"

namespace vinculo::profiling {

// The sizes that even an unfinished draft must keep: nodes, questions, choices, languages, text lengths, conditions.
// Each finding is an error with rule LIMIT_EXCEEDED.
void LintLimits(const FlowDefinition& definition, LintFindings& findings);

// Schema: ids, edges, entry, reachability, ends, cycles, levels, templates, languages, titles, head. Errors here mean
// that the flow cannot be compiled.
void LintSchema(const FlowHead& head, const FlowDefinition& definition, LintFindings& findings);

// Answerability: within a question no two choices share a name, no label is another's ordinal, none is a command word.
// Takes a definition without schema errors.
void LintAnswers(const CompiledFlow& flow, LintFindings& findings);

// The matrix against the flow: questions and choices that the flow does not ask, cells without information.
void LintMatrixUse(const CompiledFlow& flow, const CompiledMatrix& matrix, LintFindings& findings);

// How a flow uses the questions of a matrix: its own weights count.
CompiledMatrix::Uses UsesOf(const FlowDefinition& definition);

// The matrices that the definition names.
std::vector<std::string> MatrixIdsOf(const FlowDefinition& definition);

}  // namespace vinculo::profiling
