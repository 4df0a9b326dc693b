// From the arguments of an operator to the request that fastpass reads.
#pragma once

#include <string>

#include "dali/pipeline/operator/operator.h"

namespace fastpass_dali {

// The lines of the arguments that all operators have (the schema "fastpass__Request").
std::string decode_request(const dali::OpSpec& spec);

// The lines of a recipe's views: `value` itself, or what stands for the name of a published recipe.
// Throws std::invalid_argument for a name that is none.
std::string recipe_views(const std::string& value);

int count_views(const std::string& views);

// Of all operations on these views.
int count_op_outputs(const std::string& views);

}  // namespace fastpass_dali
