/* replay.c: runs every file of the folders (or files) given through a fuzz target, without a fuzzing engine.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int n_files;

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
    int bad = 0;
    for (int i = 1; i < argc; i++) bad |= replay(argv[i]);
    printf("%d files replayed\n", n_files);
    return bad != 0 || n_files == 0;
}
