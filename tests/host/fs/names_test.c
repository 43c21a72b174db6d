/* Names: walking, making, linking, renaming, removing, permissions. Oracle: Linux. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pair.h"

#define EXCHANGE 2
#define NO_REPLACE 1

static void file(const char *path)
{
    long slot = pair_open(PAIR_CWD, path, O_CREAT | O_WRONLY, 0644);
    if (slot >= 0) {
        pair_write((int)slot, 10, -1);
        pair_close((int)slot);
    }
}

/* A tree with one of each kind. */
static void tree(void)
{
    pair_mkdir(PAIR_CWD, "d", 0755);
    pair_mkdir(PAIR_CWD, "d/e", 0755);
    pair_mkdir(PAIR_CWD, "empty", 0755);
    file("f");
    file("d/g");
    pair_symlink("f", PAIR_CWD, "lf");
    pair_symlink("d", PAIR_CWD, "ld");
    pair_symlink("d/", PAIR_CWD, "lds");
    pair_symlink("f/", PAIR_CWD, "lfs");
    pair_symlink("nowhere", PAIR_CWD, "ln");
    pair_symlink("loop2", PAIR_CWD, "loop1");
    pair_symlink("loop1", PAIR_CWD, "loop2");
    pair_symlink("../f", PAIR_CWD, "d/up");
    pair_symlink(".", PAIR_CWD, "here");
    pair_fifo(PAIR_CWD, "p", 0600);
}

static const char *const paths[] = {
    "", ".", "..", "./", "d", "d/", "d//", "d/.", "d/..", "d/../", "d/e", "d/e/", "d/e/../g", "f",
    "f/", "f/.", "f/..", "f/x", "lf", "lf/", "ld", "ld/", "ld/.", "ld/g", "lds", "lds/", "lds/g",
    "lfs", "lfs/", "ln", "ln/", "ln/x", "loop1", "loop1/x", "loop1/", "d/up", "d/up/", "here",
    "here/", "here/here/f", "here/./here/d/../f", "new", "new/", "new/x", "empty", "empty/", "p",
    "p/", "d/new", "ld/new", "nowhere", "./././f", "d/e/../../lf", "empty/..", "d/g/", "..//.",
};
#define PATHS (sizeof(paths) / sizeof(paths[0]))

static void test_walk(void)
{
    static const int flags[] = {O_RDONLY,
                                O_RDONLY | O_NOFOLLOW,
                                O_RDONLY | O_DIRECTORY,
                                O_RDONLY | O_DIRECTORY | O_NOFOLLOW,
                                O_WRONLY,
                                O_RDWR,
                                O_PATH,
                                O_PATH | O_NOFOLLOW,
                                O_PATH | O_NOFOLLOW | O_DIRECTORY,
                                O_RDONLY | O_TRUNC};
    pair_reset();
    tree();
    for (size_t i = 0; i < PATHS; i++) {
        pair_stat(PAIR_CWD, paths[i], 1);
        pair_stat(PAIR_CWD, paths[i], 0);
        pair_readlink(PAIR_CWD, paths[i]);
        pair_access(PAIR_CWD, paths[i], F_OK);
        pair_access(PAIR_CWD, paths[i], R_OK | X_OK);
        pair_list(PAIR_CWD, paths[i]);
        for (size_t j = 0; j < sizeof(flags) / sizeof(flags[0]); j++) {
            long slot = pair_open(PAIR_CWD, paths[i], flags[j] | O_NONBLOCK, 0);
            if (slot >= 0) {
                pair_status((int)slot);
                pair_close((int)slot);
            }
        }
    }
    char long_name[300];
    memset(long_name, 'n', sizeof(long_name));
    long_name[255] = 0;
    file(long_name);
    pair_stat(PAIR_CWD, long_name, 1);
    pair_mkdir(PAIR_CWD, "d/long", 0755);
    long_name[255] = 'n';
    long_name[256] = 0;
    file(long_name);
    pair_stat(PAIR_CWD, long_name, 1);
    static char long_path[5000];
    for (size_t i = 0; i < 4094; i += 2)
        memcpy(long_path + i, "./", 2);
    long_path[4094] = 'f';
    pair_stat(PAIR_CWD, long_path, 1);
    memcpy(long_path + 4094, "./f", 4);
    pair_stat(PAIR_CWD, long_path, 1);
}

static void test_link_depth(void)
{
    pair_reset();
    file("f");
    char from[20] = "f", to[20];
    for (int i = 0; i < 45; i++) {
        snprintf(to, sizeof(to), "l%d", i);
        pair_symlink(from, PAIR_CWD, to);
        pair_stat(PAIR_CWD, to, 1);
        strcpy(from, to);
    }
}

static void test_create(void)
{
    static const int flags[] = {O_CREAT | O_WRONLY, O_CREAT | O_EXCL | O_WRONLY,
                                O_CREAT | O_RDWR | O_TRUNC, O_CREAT | O_NOFOLLOW | O_WRONLY,
                                O_CREAT | O_EXCL | O_NOFOLLOW | O_RDWR};
    for (size_t j = 0; j < sizeof(flags) / sizeof(flags[0]); j++)
        for (size_t i = 0; i < PATHS; i++) {
            pair_reset();
            tree();
            long slot = pair_open(PAIR_CWD, paths[i], flags[j] | O_NONBLOCK, 0640);
            if (slot >= 0)
                pair_close((int)slot);
            pair_compare();
        }
    for (size_t i = 0; i < PATHS; i++) {
        pair_reset();
        tree();
        pair_mkdir(PAIR_CWD, paths[i], 0700);
        pair_fifo(PAIR_CWD, paths[i], 0600);
        pair_symlink("target", PAIR_CWD, paths[i]);
        pair_compare();
    }
    pair_symlink("", PAIR_CWD, "emptytarget");
}

static void test_remove(void)
{
    for (int directory = 0; directory < 2; directory++)
        for (size_t i = 0; i < PATHS; i++) {
            if (strcmp(paths[i], "..") == 0 || strcmp(paths[i], "..//.") == 0)
                continue; /* above the test's own directory the worlds differ */
            pair_reset();
            tree();
            if (directory)
                pair_rmdir(PAIR_CWD, paths[i]);
            else
                pair_unlink(PAIR_CWD, paths[i]);
            pair_compare();
        }
}

static void test_rename_and_link(void)
{
    static const unsigned flags[] = {0, NO_REPLACE, EXCHANGE};
    for (size_t i = 0; i < PATHS; i++)
        for (size_t j = 0; j < PATHS; j++) {
            if (strstr(paths[i], "...") || !strncmp(paths[i], "..", 2) ||
                !strncmp(paths[j], "..", 2))
                continue;
            for (size_t k = 0; k < 3; k++) {
                pair_reset();
                tree();
                pair_rename(PAIR_CWD, paths[i], PAIR_CWD, paths[j], flags[k]);
                if ((i + j) % 5 == 0)
                    pair_compare();
            }
            pair_reset();
            tree();
            pair_link(PAIR_CWD, paths[i], PAIR_CWD, paths[j], 0);
            pair_link(PAIR_CWD, paths[i], PAIR_CWD, paths[j], 1);
            if ((i + j) % 7 == 0)
                pair_compare();
        }
    pair_rename(PAIR_CWD, "f", PAIR_CWD, "g", NO_REPLACE | EXCHANGE);
    pair_rename(PAIR_CWD, "f", PAIR_CWD, "g", 64);
}

/* Directories that are open while they are moved and removed. */
static void test_open_directories(void)
{
    pair_reset();
    tree();
    long d = pair_open(PAIR_CWD, "d", O_RDONLY | O_DIRECTORY, 0);
    long e = pair_open((int)d, "e", O_RDONLY | O_DIRECTORY, 0);
    pair_stat((int)e, "../g", 1);
    pair_rename(PAIR_CWD, "d/e", PAIR_CWD, "empty/e2", 0);
    pair_stat((int)e, "..", 1);
    pair_list((int)e, "..");
    pair_rename(PAIR_CWD, "d/e", PAIR_CWD, "empty/e2", 0);
    pair_mkdir((int)e, "inside", 0700);
    pair_rmdir((int)d, "../empty/e2");
    pair_rmdir((int)e, "inside");
    pair_rmdir(PAIR_CWD, "empty/e2");
    pair_mkdir((int)e, "inside", 0700);
    pair_open((int)e, "file", O_CREAT | O_RDWR, 0600);
    pair_stat((int)e, ".", 1);
    pair_status((int)e);
    pair_list((int)e, ".");
    pair_stat((int)e, "..", 1);
    pair_list((int)e, "..");
    pair_link(PAIR_CWD, "f", (int)e, "x", 0);
    pair_rename(PAIR_CWD, "f", (int)e, "x", 0);
    long f = pair_open(PAIR_CWD, "f", O_RDWR, 0);
    pair_stat((int)f, "x", 1);
    pair_stat((int)f, "", 1);
    pair_unlink(PAIR_CWD, "f");
    pair_status((int)f);
    pair_write((int)f, 5000, 3);
    pair_read((int)f, 6000, 0);
    pair_status((int)f);
    pair_stat(40, "x", 1); /* a bad descriptor */
    pair_compare();
}

static void test_permissions(void)
{
    if (geteuid() != 0)
        return;
    for (unsigned user = 1; user < 3; user++) {
        pair_become(0, 0);
        pair_reset();
        pair_mkdir(PAIR_CWD, "own", 0755);
        pair_chown(PAIR_CWD, "own", 1, 1);
        pair_mkdir(PAIR_CWD, "shut", 0700);
        pair_mkdir(PAIR_CWD, "noexec", 0766);
        pair_mkdir(PAIR_CWD, "sticky", 01777);
        pair_mkdir(PAIR_CWD, "group", 02777);
        pair_chmod(PAIR_CWD, "group", 02777);
        pair_chown(PAIR_CWD, "group", 0, 5);
        file("shut/f");
        file("noexec/f");
        file("sticky/f");
        file("own/f");
        file("f");
        pair_chmod(PAIR_CWD, "f", 06755);
        pair_chown(PAIR_CWD, "f", 1, 1);
        pair_chmod(PAIR_CWD, "f", 06755);
        pair_become(user, user);
        static const char *const all[] = {"own", "own/f", "shut", "shut/f", "noexec", "noexec/f",
                                          "sticky", "sticky/f", "f", "own/new", "shut/new",
                                          "noexec/new", "sticky/new", "group/new"};
        for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
            pair_stat(PAIR_CWD, all[i], 1);
            pair_access(PAIR_CWD, all[i], R_OK);
            pair_access(PAIR_CWD, all[i], W_OK);
            pair_access(PAIR_CWD, all[i], X_OK);
            for (int mode = 0; mode < 3; mode++) {
                long slot = pair_open(PAIR_CWD, all[i], mode, 0);
                if (slot >= 0)
                    pair_close((int)slot);
            }
            long slot = pair_open(PAIR_CWD, all[i], O_RDONLY | O_TRUNC, 0);
            if (slot >= 0)
                pair_close((int)slot);
            pair_list(PAIR_CWD, all[i]);
            pair_chmod(PAIR_CWD, all[i], 02775);
            pair_stat(PAIR_CWD, all[i], 1);
            pair_chown(PAIR_CWD, all[i], -1u, user);
            pair_chown(PAIR_CWD, all[i], -1u, 77);
            pair_chown(PAIR_CWD, all[i], 3, -1u);
            pair_chown(PAIR_CWD, all[i], user, -1u);
            pair_link(PAIR_CWD, all[i], PAIR_CWD, "sticky/l", 0);
            pair_unlink(PAIR_CWD, "sticky/l");
            pair_rename(PAIR_CWD, all[i], PAIR_CWD, "sticky/r", 0);
            pair_rename(PAIR_CWD, "sticky/r", PAIR_CWD, all[i], 0);
        }
        long slot = pair_open(PAIR_CWD, "f", O_WRONLY, 0);
        if (slot >= 0) {
            pair_write((int)slot, 3, 0);
            pair_status((int)slot);
        }
        slot = pair_open(PAIR_CWD, "group/made", O_CREAT | O_WRONLY, 02755);
        if (slot >= 0)
            pair_status((int)slot);
        pair_mkdir(PAIR_CWD, "group/dir", 0755);
        pair_stat(PAIR_CWD, "group/dir", 1);
        for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
            pair_unlink(PAIR_CWD, all[i]);
            pair_rmdir(PAIR_CWD, all[i]);
        }
        pair_become(0, 0);
        pair_compare();
    }
}

/* Positions: what was there from begin to end is seen once, whatever comes and goes meanwhile. */
static void test_many(void)
{
    pair_reset();
    char name[32];
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof(name), "n%d", i);
        file(name);
    }
    pair_list(PAIR_CWD, ".");
    for (int i = 0; i < 300; i += 2) {
        snprintf(name, sizeof(name), "n%d", i);
        pair_unlink(PAIR_CWD, name);
    }
    pair_list(PAIR_CWD, ".");
    pair_stat(PAIR_CWD, ".", 1);
}

int main(void)
{
    pair_start();
    test_walk();
    test_link_depth();
    test_create();
    test_remove();
    test_rename_and_link();
    test_open_directories();
    test_permissions();
    test_many();
    pair_finish();
    printf("names: as on Linux\n");
    return 0;
}
