/* replay.c: runs every file of the folders (or files) given through a fuzz target, without a fuzzing engine.
 *
 *   replay_NAME [--changes N] FOLDER ...
 *
 * --changes: and N files made from each by the target's own mutator, always the same ones. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of targets that have one. */
__attribute__((weak)) size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
                                                     unsigned seed);

enum { MAX_GROWTH = 4096 };
static int n_files, n_changed;
static unsigned n_changes;

/* Every other time on top of the change before. */
static void replay_changed(const uint8_t *bytes, size_t size)
{
    size_t room = size + MAX_GROWTH, now = size;
    uint8_t *work = malloc(room);
    for (unsigned i = 0; i < n_changes && work != NULL; i++) {
        if (i % 2 == 0) memcpy(work, bytes, now = size);
        now = LLVMFuzzerCustomMutator(work, now, room, i);
        uint8_t *exact = malloc(now > 0 ? now : 1);
        if (exact == NULL) break;
        memcpy(exact, work, now);
        LLVMFuzzerTestOneInput(exact, now);
        free(exact);
        n_changed++;
    }
    free(work);
}

static int replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct stat info;
    if (file == NULL || stat(path, &info) != 0) {
        fprintf(stderr, "%s: cannot be read\n", path);
        if (file != NULL) fclose(file);
        return 1;
    }
    size_t size = (size_t)info.st_size;
    uint8_t *bytes = malloc(size > 0 ? size : 1); /* exact: a sanitizer sees reads past the end */
    int bad = bytes == NULL || fread(bytes, 1, size, file) != size;
    fclose(file);
    if (!bad) {
        LLVMFuzzerTestOneInput(bytes, size);
        n_files++;
        if (n_changes > 0 && LLVMFuzzerCustomMutator != NULL) replay_changed(bytes, size);
    }
    free(bytes);
    return bad;
}

static int replay(const char *path)
{
    struct stat info;
    if (stat(path, &info) == 0 && !S_ISDIR(info.st_mode)) return replay_file(path);
    DIR *folder = opendir(path);
    int bad = 0;
    if (folder == NULL) {
        fprintf(stderr, "%s: cannot be opened\n", path);
        return 1;
    }
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char name[4096];
        if (entry->d_name[0] == '.') continue;
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        bad |= replay_file(name);
    }
    closedir(folder);
    return bad;
}

int main(int argc, char **argv)
{
    int bad = 0, first = 1;
    if (argc > 2 && strcmp(argv[1], "--changes") == 0) {
        n_changes = (unsigned)strtoul(argv[2], NULL, 10);
        first = 3;
    }
    for (int i = first; i < argc; i++) bad |= replay(argv[i]);
    printf("%d files replayed, %d changed ones\n", n_files, n_changed);
    return bad != 0 || n_files == 0;
}
