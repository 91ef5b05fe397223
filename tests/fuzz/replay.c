/* Replay: runs a fuzz target over every file of the folders it is given; one line of TAP in all. */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

/* Runs the target on one file; a file that cannot be read is skipped by the caller's count. */
static int replay_file(const char *path) {
    FILE *file = fopen(path, "rb");
    uint8_t *data;
    long size;

    if (!file)
        return 0;
    fseek(file, 0, SEEK_END);
    size = ftell(file);
    rewind(file);
    /* Exactly as large as the input, so that the sanitizer sees each step over its end. */
    data = size > 0 ? malloc((size_t) size) : NULL;
    if (size > 0 && fread(data, (size_t) size, 1, file) != 1)
        size = 0;
    fclose(file);
    if (size >= 0)
        LLVMFuzzerTestOneInput(data, (size_t) size);
    free(data);
    return 1;
}

int main(int argc, char **argv) {
    int count = 0;

    for (int i = 1; i < argc; i++) {
        DIR *folder = opendir(argv[i]);

        for (struct dirent *entry; folder && (entry = readdir(folder));) {
            char path[4096];

            if (entry->d_name[0] == '.')
                continue;
            snprintf(path, sizeof(path), "%s/%s", argv[i], entry->d_name);
            fprintf(stderr, "%s\n", path); /* the last line names the file that crashed */
            count += replay_file(path);
        }
        if (folder)
            closedir(folder);
    }
    printf("1..1\n%s 1 - corpus of %d files\n", count > 0 ? "ok" : "not ok", count);
    return count > 0 ? 0 : 1;
}
