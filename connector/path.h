/* Path: where SQL may read and write files.
 *
 * A path is resolved against the folder in which the server was started, symbolic links of the part
 * that exists included, and must then lie in or under an allowed directory: neither '..' nor a link
 * leads out. What does not exist yet may be made later, below what was checked. */
#pragma once

#include "connector/option.h"

/* 42501 outside of the allowed directories. The result is absolute, in `arena`. */
MUST_USE Status path_resolve(const char *path, const OptionEnvironment *environment, Arena *arena,
                             const char **ret_path, Error *err);
/* Does the path, which was resolved once, still lead into an allowed directory? Links may have been
 * made since. */
bool path_is_allowed(const char *path, const OptionEnvironment *environment);
