/* The server beyond what Linux can be asked: boot image, clients, caseless names, /dev, /proc, hostile
 * requests. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "client.h"
#include "fake.h"
#include "image.h"
#include "janus/bootimage.h"
#include "janus/idl/client.h"
#include "janus/idl/console.h"
#include "janus/idl/dataspace.h"
#include "janus/idl/fs.h"
#include "janus/idl/io.h"
#include "janus/idl/task.h"
#include "operations/request.h"
#include "pair.h"
#include "volume.h"

static uint64_t kind_out;

static jn_status_t open_path(uint64_t label, uint64_t dir, const char *path, uint32_t lookup,
                             uint32_t flags, uint32_t access, uint64_t *open)
{
    uint64_t device;
    uint32_t kind = 0, created, node_mode;
    struct jn_call *call = fake_call(label);
    fake_offer(0, path, strlen(path));
    jn_status_t status = fs_operations.open(call, dir, strlen(path), lookup, flags, access, 0, 0644,
                                            0, open, &kind, &created, &device, &node_mode);
    kind_out = kind;
    return status;
}

static size_t read_all(uint64_t label, const char *path, char *buffer, size_t capacity)
{
    uint64_t open, done, all = 0;
    jn_status_t status = open_path(label, 0, path, 0, 0, IO_ACCESS_READ, &open);
    if (status != JN_OK) {
        fprintf(stderr, "%s: %d\n", path, status);
        abort();
    }
    do {
        struct jn_call *call = fake_call(label);
        fake_offer(0, buffer + all, capacity - 1 - all > 100 ? 100 : capacity - 1 - all);
        assert(io_operations.read(call, open, -1, fake_windows[0].length, 0, 0, &done) == JN_OK);
        all += done;
    } while (done && all < capacity - 1);
    buffer[all] = 0;
    assert(io_operations.close(fake_call(label), open) == JN_OK);
    return all;
}

/* ---- the boot image ---- */

#define IMAGE_PAGES 8
static uint8_t *image;

struct description_of_file {
    const char *path;
    uint32_t mode;
    const char *contents; /* or target */
    uint32_t link_index;
};

static void make_image(void)
{
    static const struct description_of_file files[] = {
        {"", 0040755, "", 0},
        {"bin", 0040755, "", 1},
        {"bin/Prog", 0100755, "program", 2},
        {"bin/also", 0100755, "program", 2},
        {"link", 0120777, "bin/Prog", 4},
    };
    image = mmap(NULL, IMAGE_PAGES * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                 0);
    struct bootimage_header *header = (void *)image;
    struct bootimage_entry *entries = (void *)(image + 4096);
    memcpy(header->magic, BOOTIMAGE_MAGIC, 8);
    *header = (struct bootimage_header){.magic = BOOTIMAGE_MAGIC,
                                        .version = BOOTIMAGE_VERSION,
                                        .entry_count = 5,
                                        .entries_offset = 4096,
                                        .entries_size = 5 * sizeof(*entries),
                                        .paths_offset = 8192,
                                        .paths_size = 200,
                                        .total_size = IMAGE_PAGES * 4096};
    uint32_t path_at = 0;
    for (uint32_t i = 0; i < 5; i++) {
        entries[i] = (struct bootimage_entry){.data_offset = i == 4 ? 8192 + 500 : i == 2 || i == 3 ? 12288 : 0,
                                              .size = strlen(files[i].contents),
                                              .path_offset = path_at,
                                              .path_length = (uint32_t)strlen(files[i].path),
                                              .mode = files[i].mode,
                                              .link_index = files[i].link_index};
        memcpy(image + 8192 + path_at, files[i].path, strlen(files[i].path));
        path_at += (uint32_t)strlen(files[i].path);
        if (entries[i].data_offset)
            memcpy(image + entries[i].data_offset, files[i].contents, strlen(files[i].contents));
    }
    entries[2].size = entries[3].size = 8192 + 100; /* with zeroes after the text */
}

static void test_image(void)
{
    uint64_t open, done, mapped;
    uint32_t access;
    char buffer[64];
    make_image();
    assert(image_load(vfs_root, image, IMAGE_PAGES * 4096) == JN_OK);
    assert(read_all(pair_label, "/link", buffer, sizeof(buffer)) == 63 &&
           memcmp(buffer, "program\0", 8) == 0);
    struct io_stat stat;
    assert(open_path(pair_label, 0, "/bin/also", 0, 0, IO_ACCESS_READ | IO_ACCESS_WRITE, &open) ==
           JN_OK);
    assert(io_operations.stat(fake_call(pair_label), open, &stat) == JN_OK);
    assert(stat.link_count == 2 && stat.size == 8292 && stat.blocks == 24);
    /* Mapped from the image until it is written; then everybody sees the new page. */
    assert(client_operations.set_space(fake_call(pair_label), 1) == JN_OK);
    assert(dataspace_operations.map(fake_call(pair_label), open, 0, 0x10000, 1 << 20, JN_R | JN_X, 0,
                                    &mapped) == JN_OK && mapped == 12288);
    assert(fake_mapped(0x10000, &access) == image + 12288);
    struct jn_call *call = fake_call(pair_label);
    fake_offer(0, "X", 1);
    assert(io_operations.write(call, open, 0, 1, 0, 0, &done) == JN_OK);
    assert(!fake_mapped(0x10000, &access) && fake_mapped(0x11000, &access));
    assert(image[12288] == 'p');
    assert(read_all(pair_label, "/bin/Prog", buffer, sizeof(buffer)) == 63 &&
           memcmp(buffer, "Xrogram\0", 8) == 0);
    assert(dataspace_operations.map(fake_call(pair_label), open, 0, 0x10000, 4096, JN_R, 0,
                                    &mapped) == JN_OK);
    assert(*(char *)fake_mapped(0x10000, &access) == 'X');
    assert(io_operations.truncate(fake_call(pair_label), open, 4100) == JN_OK);
    assert(!fake_mapped(0x11000, &access) && !fake_mapped(0x12000, &access));
    assert(io_operations.truncate(fake_call(pair_label), open, 20000) == JN_OK);
    assert(io_operations.stat(fake_call(pair_label), open, &stat) == JN_OK && stat.blocks == 16);
    assert(io_operations.close(fake_call(pair_label), open) == JN_OK);
}

static void drop(struct entry *at)
{
    struct entry *child;
    while ((child = directory_next(&at->node->directory, 0))) {
        if (node_is(child->node, MODE_DIRECTORY))
            drop(child);
        directory_detach(&at->node->directory, child);
    }
}

/* Whatever the table says, nothing outside is read and nothing crashes. */
static void test_bad_images(void)
{
    uint64_t random = 1;
    uint8_t *exact = malloc(IMAGE_PAGES * 4096);
    for (int round = 0; round < 20000; round++) {
        make_image();
        memcpy(exact, image, IMAGE_PAGES * 4096);
        munmap(image, IMAGE_PAGES * 4096);
        for (int i = 0; i < 3; i++) {
            random = random * 6364136223846793005ull + 1442695040888963407ull;
            size_t at = random >> 33;
            at = at % 2 ? at / 2 % 56 : 4096 + at / 2 % 320;
            exact[at] = (uint8_t)(random >> 20);
        }
        struct node *node = node_create(&volume_root, MODE_DIRECTORY | 0755, 0, 0);
        struct entry *root = entry_create(NULL, node_get(node), "", 0);
        (void)!image_load(root, exact, IMAGE_PAGES * 4096);
        drop(root);
        entry_put(root);
        node_put(node);
    }
    free(exact);
}

/* ---- names ---- */

static void test_caseless(void)
{
    uint64_t open;
    static const char *const names[] = {"/Readme.TXT", "/Stra\xc3\x9f" "e", "/\xc3\xa4rger",
                                        "/bad\xff\xc3", "/\xd0\x96uk"};
    for (size_t i = 0; i < 5; i++)
        assert(open_path(pair_label, 0, names[i], 0, FS_OPEN_CREATE, IO_ACCESS_READ, &open) == JN_OK);
    static const struct {
        const char *name;
        jn_status_t status;
    } cases[] = {{"/README.txt", JN_OK},     {"/readme.tx", JN_NOT_FOUND},
                 {"/\xc3\x84RGER", JN_OK},   {"/STRASSE", JN_NOT_FOUND},
                 {"/BAD\xff\xc3", JN_OK},    {"/bad\xc3\xff", JN_NOT_FOUND},
                 {"/\xd0\xb6UK", JN_OK},     {"/BIN/PROG", JN_OK},
                 {"/Link", JN_OK}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert(open_path(pair_label, 0, cases[i].name, FS_LOOKUP_CASELESS, 0, IO_ACCESS_READ,
                         &open) == cases[i].status);
        if (strcmp(cases[i].name, "/README.txt"))
            continue;
        assert(open_path(pair_label, 0, cases[i].name, 0, 0, IO_ACCESS_READ, &open) == JN_NOT_FOUND);
    }
    /* The exact name wins; then the first in order. */
    uint64_t done;
    char buffer[16];
    static const char *const same[] = {"/casE", "/Case", "/CASE"};
    for (int i = 0; i < 3; i++) {
        assert(open_path(pair_label, 0, same[i], 0, FS_OPEN_CREATE, IO_ACCESS_WRITE, &open) == JN_OK);
        struct jn_call *call = fake_call(pair_label);
        fake_offer(0, same[i] + 1, 4);
        assert(io_operations.write(call, open, -1, 4, 0, 0, &done) == JN_OK);
    }
    for (int turn = 0; turn < 2; turn++) {
        assert(open_path(pair_label, 0, turn ? "/case" : "/CASE", FS_LOOKUP_CASELESS, 0,
                         IO_ACCESS_READ, &open) == JN_OK);
        struct jn_call *call = fake_call(pair_label);
        fake_offer(0, buffer, 4);
        assert(io_operations.read(call, open, -1, 4, 0, 0, &done) == JN_OK);
        assert(memcmp(buffer, turn ? "casE" : "CASE", 4) == 0);
    }
    /* A rename to another spelling of itself. */
    struct jn_call *call = fake_call(pair_label);
    fake_offer(0, "/readme.txt", 11);
    fake_offer(1, "/README.TXT", 11);
    assert(fs_operations.rename(call, 0, 11, 0, 11, FS_LOOKUP_CASELESS, 0) == JN_OK);
    assert(open_path(pair_label, 0, "/README.TXT", 0, 0, IO_ACCESS_READ, &open) == JN_OK);
}

static void test_path_of(void)
{
    uint64_t open, length;
    char buffer[64];
    assert(open_path(pair_label, 0, "/bin/Prog", 0, 0, IO_ACCESS_READ, &open) == JN_OK);
    struct jn_call *call = fake_call(pair_label);
    fake_offer(0, "/bin/Prog", 9);
    fake_offer(1, "/tmp/elsewhere", 14);
    assert(fs_operations.rename(call, 0, 9, 0, 14, 0, 0) == JN_OK);
    call = fake_call(pair_label);
    fake_offer(0, buffer, 64);
    assert(fs_operations.path_of(call, open, 64, &length) == JN_OK && length == 14);
    assert(memcmp(buffer, "/tmp/elsewhere", 14) == 0);
    call = fake_call(pair_label);
    fake_offer(0, "/tmp/elsewhere", 14);
    assert(fs_operations.remove(call, 0, 14, 0, FS_REMOVE_FILE) == JN_OK);
    call = fake_call(pair_label);
    memset(buffer, 0, 64);
    fake_offer(0, buffer, 64);
    assert(fs_operations.path_of(call, open, 64, &length) == JN_NOT_FOUND && length == 14);
    assert(memcmp(buffer, "/tmp/elsewhere", 14) == 0); /* for /proc: "(deleted)" */
    assert(io_operations.close(fake_call(pair_label), open) == JN_OK);
}

/* ---- clients ---- */

static void test_clients(void)
{
    cap_t child, grandchild;
    uint64_t a, b, c, done;
    assert(client_operations.create(fake_call(pair_label), 1, 0, 0, &child) == JN_NO_RIGHT);
    assert(client_operations.create(fake_call(1), 30, 5, 5, &child) == JN_OK);
    assert(io_operations.read(fake_call(12345), 1, -1, 0, 0, 0, &done) == JN_NO_RIGHT);
    uint64_t label = child >> 8;
    assert(open_path(label, 0, "/tmp/c", 0, FS_OPEN_CREATE, 3, &a) == JN_OK);
    for (int i = 0; i < 100; i++)
        assert(open_path(label, 0, "/tmp/c", 0, 0, 1, &b) == JN_OK);
    assert(io_operations.close(fake_call(label), a + 50) == JN_OK);
    assert(client_operations.clone(fake_call(label), 31, &grandchild) == JN_OK);
    uint64_t other = grandchild >> 8;
    /* Equal numbers, one description: the position is shared. */
    struct jn_call *call = fake_call(label);
    fake_offer(0, "hello", 5);
    assert(io_operations.write(call, a, -1, 5, 0, 0, &done) == JN_OK);
    call = fake_call(other);
    fake_offer(0, "world", 5);
    assert(io_operations.write(call, a, -1, 5, 0, 0, &done) == JN_OK);
    char buffer[20];
    assert(read_all(label, "/tmp/c", buffer, 20) == 10 && !strcmp(buffer, "helloworld"));
    assert(io_operations.close(fake_call(other), a + 50) == JN_BAD_HANDLE);
    assert(open_path(other, 0, "/tmp/c", 0, 0, 1, &c) == JN_OK && c == a + 50);
    assert(io_operations.close(fake_call(label), a) == JN_OK);
    assert(io_operations.close(fake_call(other), a) == JN_OK);
    assert(io_operations.transfer(fake_call(label), b, grandchild, &c) == JN_OK);
    assert(io_operations.transfer(fake_call(label), b, 999 << 8, &c) == JN_BAD_ARG);
    assert(client_operations.end(fake_call(label)) == JN_OK);
    assert(io_operations.close(fake_call(label), b) == JN_BAD_HANDLE);
    assert(client_operations.use_credentials(fake_call(other), 3) == JN_BAD_ARG);
    assert(client_operations.use_credentials(fake_call(other), 7) == JN_OK);
    assert(client_find(other)->uid == 5 && client_in_group(client_find(other), 8));
    client_destroy(client_find(label));
    client_destroy(client_find(other));
    assert(!client_find(label));
    assert(client_operations.create(fake_call(1), 30, 5, 5, &child) == JN_OK);
    assert(child >> 8 != label && child >> 8 != other); /* labels do not come back */
    client_destroy(client_find(child >> 8));
}

/* ---- devices, proc ---- */

static void test_devices(void)
{
    uint64_t open, done;
    static char buffer[70000];
    assert(open_path(pair_label, 0, "/dev/zero", 0, 0, 3, &open) == JN_OK);
    memset(buffer, 1, sizeof(buffer));
    struct jn_call *call = fake_call(pair_label);
    fake_offer(0, buffer, sizeof(buffer));
    assert(io_operations.read(call, open, -1, sizeof(buffer), 0, 0, &done) == JN_OK &&
           done == sizeof(buffer) && buffer[69999] == 0);
    assert(open_path(pair_label, 0, "/dev/full", 0, 0, 3, &open) == JN_OK);
    assert(io_operations.write(call, open, -1, 1, 0, 0, &done) == JN_NO_SPACE);
    assert(open_path(pair_label, 0, "/dev/urandom", 0, 0, 3, &open) == JN_OK);
    call = fake_call(pair_label);
    fake_offer(0, buffer, sizeof(buffer));
    assert(io_operations.read(call, open, -1, sizeof(buffer), 0, 0, &done) == JN_OK);
    unsigned ones = 0;
    for (size_t i = 0; i < sizeof(buffer); i++)
        ones += (unsigned)__builtin_popcount((unsigned char)buffer[i]);
    assert(ones > sizeof(buffer) * 4 - 3000 && ones < sizeof(buffer) * 4 + 3000);
    assert(open_path(pair_label, 0, "/dev/tty", 0, 0, 3, &open) == JN_REDIRECT &&
           kind_out == FS_SERVER_CONSOLE && open == CONSOLE_TTY);
    assert(open_path(pair_label, 0, "/dev/pts/2", 0, 0, 3, &open) == JN_REDIRECT &&
           open == CONSOLE_PTS + 2);
    assert(open_path(pair_label, 0, "/dev/pts/1", 0, 0, 3, &open) == JN_NOT_FOUND);
    assert(open_path(pair_label, 0, "/dev/stdin", 0, 0, 1, &open) == JN_REDIRECT &&
           kind_out == FS_SERVER_DESCRIPTOR && open == 0);
    assert(open_path(pair_label, 0, "/proc/self/fd/17", 0, FS_OPEN_PATH, 0, &open) == JN_REDIRECT &&
           open == 17);
    /* Opening a node anew. */
    assert(open_path(pair_label, 0, "/tmp/again", 0, FS_OPEN_CREATE, 1, &open) == JN_OK);
    uint64_t again;
    assert(open_path(pair_label, open, "", FS_LOOKUP_EMPTY, 0, 3, &again) == JN_OK);
    call = fake_call(pair_label);
    fake_offer(0, "x", 1);
    assert(io_operations.write(call, again, -1, 1, 0, 0, &done) == JN_OK);
}

static void test_proc(void)
{
    static char buffer[8192], name[256];
    fake_info[TASK_INFO_COMMAND_LINE] = "a.out\0-x";
    fake_info_length[TASK_INFO_COMMAND_LINE] = 9;
    fake_info[TASK_INFO_EXECUTABLE] = "/bin/also";
    fake_info_length[TASK_INFO_EXECUTABLE] = 9;
    fake_info[TASK_INFO_DESCRIPTORS] = "0 /dev/pts/0\n2 pipe:[77]\n1 /tmp/a b\n";
    fake_info_length[TASK_INFO_DESCRIPTORS] = strlen(fake_info[TASK_INFO_DESCRIPTORS]);
    assert(read_all(pair_label, "/proc/self/cmdline", buffer, 100) == 9 && buffer[6] == '-');
    assert(read_all(pair_label, "/proc/self/stat", buffer, 4096) && !strncmp(buffer, "7 (a.out) S 1 7 7 0 -1 ", 23));
    unsigned fields = 1;
    for (char *at = buffer; *at; at++)
        fields += *at == ' ';
    assert(fields == 52);
    assert(read_all(pair_label, "/proc/1/comm", buffer, 100) == 5 && !strcmp(buffer, "init\n"));
    static const char *const all[] = {
        "/proc/stat", "/proc/loadavg", "/proc/uptime", "/proc/mounts", "/proc/cpuinfo",
        "/proc/meminfo", "/proc/version", "/proc/filesystems", "/proc/swaps", "/proc/net/dev",
        "/proc/net/tcp", "/proc/sys/kernel/osrelease", "/proc/sys/kernel/ostype",
        "/proc/sys/kernel/pid_max", "/proc/sys/kernel/hostname", "/proc/self/status",
        "/proc/self/statm", "/proc/self/limits", "/proc/self/mountinfo", "/proc/thread-self/stat",
        "/proc/self/task/7/comm", "/sys/devices/system/cpu/online"};
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        assert(read_all(pair_label, all[i], buffer, sizeof(buffer)) > 0);
    /* The link to the program leads there. */
    assert(read_all(pair_label, "/proc/self/exe", buffer, 100) == 99 && buffer[0] == 'X');
    uint64_t open, done, next, position = 0;
    assert(open_path(pair_label, 0, "/proc/self/fd", 0, FS_OPEN_DIRECTORY, 1, &open) == JN_OK);
    name[0] = 0;
    for (;;) {
        struct jn_call *call = fake_call(pair_label);
        fake_offer(0, buffer, 100);
        assert(fs_operations.read_directory(call, open, position, 100, &done, &next) == JN_OK);
        if (!done)
            break;
        struct fs_entry *entry = (void *)buffer;
        strncat(name, buffer + sizeof(*entry), entry->name_length);
        strcat(name, " ");
        position = next;
    }
    assert(!strcmp(name, ". .. 0 1 2 "));
    struct jn_call *call = fake_call(pair_label);
    fake_offer(0, "/proc/new", 9);
    assert(fs_operations.make_directory(call, 0, 9, 0, 0700) == JN_NOT_PERMITTED);
    call = fake_call(pair_label);
    fake_offer(0, "/proc", 5);
    assert(fs_operations.remove(call, 0, 5, 0, FS_REMOVE_DIRECTORY) == JN_BUSY);
    struct io_stat a, b;
    call = fake_call(pair_label);
    fake_offer(0, "/proc/7/stat", 12);
    assert(fs_operations.stat_path(call, 0, 12, 0, &a) == JN_OK);
    call = fake_call(pair_label);
    fake_offer(0, "/proc/self/stat", 15);
    assert(fs_operations.stat_path(call, 0, 15, 0, &b) == JN_OK);
    assert(a.inode == b.inode && a.device == FS_DEVICE_PROC);
}

/* ---- hostile ---- */

static uint64_t state = 99;

static uint64_t draw(void)
{
    state = state * 6364136223846793005ull + 1442695040888963407ull;
    uint64_t value = state >> 30;
    switch (value % 5) {
    case 0: return value / 5 % 8;
    case 1: return value / 5 % 70000;
    case 2: return ~(value / 5 % 8);
    case 3: return value << 40;
    default: return 1ull << (value / 5 % 64);
    }
}

/* Any numbers in any operation, over windows that hold a path: the server goes on. */
static void test_hostile(void)
{
    static char one[4096], two[70000];
    uint64_t a, b, c, d;
    uint32_t x, y, z;
    int64_t i;
    struct io_stat stat;
    cap_t client;
    assert(client_operations.create(fake_call(1), 40, 0, 0, &client) == JN_OK);
    uint64_t label = client >> 8;
    static const char *const paths[] = {"/tmp/h", "/tmp/h/i", "h", "/proc/7/stat", "/dev/null",
                                        "/dev/pts/0", "////", "/proc/self/fd/1", "/proc/7/fd"};
    for (int round = 0; round < 200000; round++) {
        struct jn_call *call = fake_call(label);
        strcpy(one, paths[draw() % 9]);
        strcpy(two, paths[draw() % 9]);
        fake_offer(0, one, draw() % 2 ? strlen(one) : sizeof(one));
        fake_offer(1, two, draw() % 2 ? strlen(two) : sizeof(two));
        if (draw() % 8 == 0)
            fake_windows[draw() % 2].fault_at = draw() % 10;
        uint64_t length = draw() % 4 ? strlen(one) : draw(), other = draw() % 4 ? strlen(two) : draw();
        uint32_t flags = (uint32_t)draw();
        jn_status_t status = 0;
        switch (draw() % 32) {
        case 0: case 1: case 2: case 3: case 4:
            status = fs_operations.open(call, draw() % 10, length, (uint32_t)draw(), flags & ~512u,
                                        (uint32_t)draw(), (uint32_t)draw(), 0777, draw(), &a, &x, &y, &b,
                                        &z);
            break;
        case 5: status = fs_operations.stat_path(call, draw() % 10, length, flags, &stat); break;
        case 6: status = fs_operations.make_directory(call, draw() % 10, length, flags, 0777); break;
        case 7: status = fs_operations.make_node(call, draw() % 10, length, flags, (uint32_t)draw(), draw()); break;
        case 8: status = fs_operations.remove(call, draw() % 10, length, flags, (uint32_t)draw()); break;
        case 9: status = fs_operations.rename(call, draw() % 10, length, draw() % 10, other, flags, (uint32_t)draw()); break;
        case 10: status = fs_operations.link(call, draw() % 10, length, draw() % 10, other, flags); break;
        case 11: status = fs_operations.make_symlink(call, length, draw() % 10, other, flags); break;
        case 12: status = fs_operations.read_symlink(call, draw() % 10, length, flags, draw() % 70000, &a); break;
        case 13: status = fs_operations.read_directory(call, draw() % 10, draw(), draw() % 4096, &a, &b); break;
        case 14: status = fs_operations.pipe(call, flags, &a, &b); break;
        case 15: status = io_operations.read(call, draw() % 10, (int64_t)draw(), draw() % 4097, flags, draw(), &a); break;
        case 16: status = io_operations.write(call, draw() % 10, (int64_t)draw(), draw() % 4097, flags, draw(), &a); break;
        case 17: status = io_operations.seek(call, draw() % 10, (int64_t)draw(), flags, &i); break;
        case 18: status = io_operations.poll(call, draw() % 10, flags, draw(), &x); break;
        case 19: status = io_operations.control(call, draw() % 10, 0x100 + flags % 4, draw(), 0, &a); break;
        case 20: status = io_operations.duplicate(call, draw() % 10, &a); break;
        case 21: case 22: status = io_operations.close(call, draw() % 40); break;
        case 23: status = io_operations.truncate(call, draw() % 10, draw()); break;
        case 24: status = io_operations.lock(call, draw() % 10, flags % 4, (uint32_t)draw() % 5, draw(), draw(), draw()); break;
        case 25: status = io_operations.test_lock(call, draw() % 10, flags % 4, (uint32_t)draw() % 5, draw(), draw(), &x, &a, &b, &c); break;
        case 26: status = dataspace_operations.map(call, draw() % 10, draw(), draw(), draw(), flags % 16, 0, &d); break;
        case 27: status = fs_operations.set_delete(call, draw() % 10, flags); break;
        case 28: status = fs_operations.rename_open(call, draw() % 10, draw() % 10, length, flags, 0); break;
        case 29: status = fs_operations.link_open(call, draw() % 10, draw() % 10, length, flags); break;
        case 30: status = io_operations.allocate(call, draw() % 10, flags, (int64_t)draw(), (int64_t)(draw() % 100000)); break;
        default:
            status = fs_operations.set_attributes(call, draw() % 10, length, flags, (uint32_t)draw(), (uint32_t)draw(), 0, 0,
                                                  (int64_t)draw(), 1, 2, (uint32_t)draw());
            break;
        }
        assert(status <= 0);
        assert(client_find(label)->opens < 5000);
        if (client_find(label)->opens > 300)
            assert(client_operations.end(fake_call(label)) == JN_OK);
    }
    client_destroy(client_find(label));
}

int main(void)
{
    pair_start();
    test_image();
    test_caseless();
    test_path_of();
    test_clients();
    test_devices();
    test_proc();
    test_hostile();
    test_bad_images();
    pair_finish();
    printf("server: ok\n");
    return 0;
}
