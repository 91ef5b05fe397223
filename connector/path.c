#include "connector/path.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The real path of the longest existing prefix of `path`, then the rest as written. false: the rest
 * holds '..', or the path can't be looked at. */
static bool resolve_links(char *path, char *ret_resolved) {
    size_t length = strlen(path);
    size_t cut = length;

    for (;;) {
        char saved = path[cut];
        bool is_there;

        path[cut] = '\0';
        is_there = realpath(cut ? path : "/", ret_resolved) != NULL;
        path[cut] = saved;
        if (is_there)
            break;
        if (errno != ENOENT && errno != ENOTDIR)
            return false;
        while (cut > 0 && path[cut - 1] == '/')
            cut--;
        while (cut > 0 && path[cut - 1] != '/')
            cut--;
        while (cut > 1 && path[cut - 1] == '/')
            cut--;
        if (cut <= 1)
            cut = 0;
    }
    for (const char *part = path + cut; *part;) {
        size_t size;

        part += strspn(part, "/");
        size = strcspn(part, "/");
        if (size == 2 && memcmp(part, "..", 2) == 0)
            return false;
        if (size > 0 && !(size == 1 && part[0] == '.')) {
            size_t used = strlen(ret_resolved);

            if (used + size + 2 > PATH_MAX)
                return false;
            if (used > 1)
                ret_resolved[used++] = '/';
            memcpy(ret_resolved + used, part, size);
            ret_resolved[used + size] = '\0';
        }
        part += size;
    }
    return true;
}

static bool is_under(const char *path, const char *directory) {
    size_t length = strlen(directory);

    if (length == 1 && directory[0] == '/')
        return true;
    return strncmp(path, directory, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

static bool is_allowed(const char *path, const OptionEnvironment *environment) {
    for (const char *const *entry = environment->allowed_directories; *entry; entry++) {
        char written[PATH_MAX];
        char resolved[PATH_MAX];
        size_t length = strlen(*entry);

        if (length >= sizeof(written))
            continue;
        memcpy(written, *entry, length + 1);
        if (resolve_links(written, resolved) && is_under(path, resolved))
            return true;
    }
    return false;
}

Status path_resolve(const char *path, const OptionEnvironment *environment, Arena *arena,
                    const char **ret_path, Error *err) {
    char written[PATH_MAX];
    char resolved[PATH_MAX];
    int length;

    if (path[0] == '\0')
        return error_set(err, INVALID_PARAMETER, "a path must not be empty");
    length = path[0] == '/'
                 ? snprintf(written, sizeof(written), "%s", path)
                 : snprintf(written, sizeof(written), "%s/%s", environment->base_directory, path);
    if (length < 0 || (size_t) length >= sizeof(written))
        return error_set(err, INVALID_PARAMETER, "path \"%.60s…\" is too long", path);
    if (!resolve_links(written, resolved) || !is_allowed(resolved, environment)) {
        error_set(err, INSUFFICIENT_PRIVILEGE, "path \"%s\" is outside of the allowed directories",
                  path);
        error_detail(err, "Allowed: %s%s.", environment->allowed_directories[0],
                     environment->allowed_directories[1] ? ", …" : "");
        return error_hint(err, "Start millrace with --set allowed_directories=DIR,DIR….");
    }
    *ret_path = arena_strdup(arena, resolved);
    return STATUS_OK;
}

bool path_is_allowed(const char *path, const OptionEnvironment *environment) {
    char written[PATH_MAX];
    char resolved[PATH_MAX];
    size_t length = strlen(path);

    if (length >= sizeof(written))
        return false;
    memcpy(written, path, length + 1);
    return resolve_links(written, resolved) && is_allowed(resolved, environment);
}
