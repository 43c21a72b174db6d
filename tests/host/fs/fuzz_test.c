/* Random sequences of operations in both worlds. argv: seed, sequences. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "pair.h"

static uint64_t state;

static unsigned draw(unsigned below)
{
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    return (unsigned)(state >> 33) % below;
}

#define PICK(array) ((array)[draw(sizeof(array) / sizeof((array)[0]))])

static const char *name(void)
{
    static char buffers[2][64];
    static int turn;
    static const char *const parts[] = {"a", "b", "c", "d", ".", "..", "l", "m"};
    char *path = buffers[turn ^= 1];
    size_t length = 0;
    unsigned count = draw(3) + 1, depth = 0;
    for (unsigned i = 0; i < count; i++) {
        const char *part = PICK(parts);
        if (part[0] == '.' && (part[1] == '.' ? depth == 0 : 0))
            part = "a"; /* never above the test's directory */
        depth = part[0] == '.' ? depth - (part[1] == '.') : depth + 1;
        length += (size_t)snprintf(path + length, 64 - length, "%s%s", i ? "/" : "", part);
    }
    if (draw(12) == 0)
        snprintf(path + length, 64 - length, "/");
    return path;
}

static int slots[8];
/* Linux's tmpfs takes pages that are allocated but not written for holes; here they are data. A
 * sequence has one of the two, allocation or looking for holes. */
static bool allocates;

static long size(void)
{
    static const long sizes[] = {0, 1, 100, 4095, 4096, 4097, 8192, 10000, 65536, 70000, 300000};
    return PICK(sizes);
}

static void one(void)
{
    static const int open_flags[] = {O_RDONLY, O_WRONLY | O_CREAT, O_RDWR | O_CREAT,
                                     O_RDWR | O_CREAT | O_TRUNC, O_RDWR | O_CREAT | O_EXCL,
                                     O_WRONLY | O_APPEND | O_CREAT, O_RDONLY | O_DIRECTORY,
                                     O_RDONLY | O_NOFOLLOW, O_PATH, O_RDWR};
    static const unsigned modes[] = {0644, 0755, 0600, 0777};
    unsigned slot_index = draw(8);
    int slot = slots[slot_index];
    if (draw(3) == 0)
        pair_keep(PAIR_CWD, name(), (int)draw(2));
    if (slot >= 0 && draw(4) == 0)
        pair_keep_status(slot);
    switch (draw(30)) {
    case 0: case 1: case 2: case 3:
        if (slot >= 0)
            pair_close(slot);
        slots[slot_index] = (int)pair_open(PAIR_CWD, name(), PICK(open_flags) | O_NONBLOCK,
                                           PICK(modes));
        return;
    case 4: pair_mkdir(PAIR_CWD, name(), 0755); return;
    case 5: pair_unlink(PAIR_CWD, name()); return;
    case 6: pair_rmdir(PAIR_CWD, name()); return;
    case 7: case 8: {
        static const unsigned flags[] = {0, 0, 0, 1, 2};
        const char *from = name();
        pair_rename(PAIR_CWD, from, PAIR_CWD, name(), PICK(flags));
        return;
    }
    case 9: {
        const char *from = name();
        pair_link(PAIR_CWD, from, PAIR_CWD, name(), (int)draw(2));
        return;
    }
    case 10: {
        static const char *const targets[] = {"a", "b/c", "d/", "l", ".", "nowhere", "m/a"};
        pair_symlink(PICK(targets), PAIR_CWD, name());
        return;
    }
    case 11: pair_fifo(PAIR_CWD, name(), 0600); return;
    case 12: pair_stat(PAIR_CWD, name(), (int)draw(2)); return;
    case 13: pair_list(PAIR_CWD, name()); return;
    case 14: pair_chmod(PAIR_CWD, name(), PICK(modes)); return;
    case 15: pair_readlink(PAIR_CWD, name()); return;
    default: break;
    }
    if (slot < 0)
        return;
    switch (draw(14)) {
    case 0: case 1: pair_write(slot, (unsigned)size(), -1); return;
    case 2: pair_write(slot, (unsigned)draw(20000), (long)draw(200000)); return;
    case 3: case 4: pair_read(slot, (unsigned)size() & 0xffff, -1); return;
    case 5: pair_read(slot, (unsigned)draw(65536), (long)draw(200000)); return;
    case 6: {
        static const int whences[] = {SEEK_SET, SEEK_CUR, SEEK_END, SEEK_DATA, SEEK_HOLE, 9};
        int whence = PICK(whences);
        if (!allocates || whence < SEEK_DATA)
            pair_seek(slot, size() - (long)draw(2) * 5000, whence);
        return;
    }
    case 7: pair_truncate(slot, size() - (long)draw(2)); return;
    case 8: {
        static const int kinds[] = {0, FALLOC_FL_KEEP_SIZE,
                                    FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE};
        int kind = PICK(kinds);
        if (allocates || kind == (FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE))
            pair_allocate(slot, kind, size(), size());
        return;
    }
    case 9: pair_status(slot); return;
    case 10: {
        static const int operations[] = {LOCK_SH, LOCK_EX, LOCK_UN};
        pair_flock(slot, PICK(operations));
        return;
    }
    case 11: {
        static const int types[] = {F_RDLCK, F_WRLCK, F_UNLCK};
        pair_lock(slot, PICK(types), (long)draw(100), (long)draw(50));
        return;
    }
    case 12: pair_test_lock(slot, draw(2) ? F_RDLCK : F_WRLCK, (long)draw(100), (long)draw(50)); return;
    default: pair_poll(slot, 5); return;
    }
}

int main(int argc, char **argv)
{
    uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
    unsigned sequences = argc > 2 ? (unsigned)atoi(argv[2]) : 150;
    pair_verbose = argc > 3;
    uint64_t held = 0; /* of the answers that were kept, over all steps */
    pair_start();
    for (unsigned i = 0; i < sequences; i++) {
        state = seed + i;
        fprintf(stderr, argc > 2 ? "sequence %lu\n" : "", seed + i);
        allocates = draw(2);
        pair_reset();
        for (int slot = 0; slot < 8; slot++)
            slots[slot] = -1;
        pair_mkdir(PAIR_CWD, "a", 0755);
        pair_mkdir(PAIR_CWD, "a/b", 0755);
        pair_mkdir(PAIR_CWD, "c", 0755);
        if (draw(2))
            pair_pipe(&slots[6]);
        for (unsigned step = 0; step < 300; step++) {
            one();
            pair_check_kept();
            held += pair_kept();
        }
        pair_compare();
    }
    pair_finish();
    if (held < 50000ull * sequences / 150) {
        printf("fuzz: only %lu answers held\n", held);
        return 1;
    }
    printf("fuzz: %u sequences as on Linux\n", sequences);
    return 0;
}
