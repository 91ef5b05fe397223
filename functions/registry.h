/* Lookups by name that resolve.c builds upon. */
#pragma once

#include "functions/function.h"

/* Overloads of a name: a run of the sorted index, ordered by argument types. Count may be 0. */
uint32_t registry_functions(const char *name, const Function *const **ret_first);
uint32_t registry_aggregates(const char *name, const Aggregate *const **ret_first);
/* Whatever context it asks for; NULL: none. */
const Cast *registry_cast(TypeId from, TypeId to);
