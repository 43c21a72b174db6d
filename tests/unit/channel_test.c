/* lib/channel: what is encoded is parsed back; what is cut short, too long or wrong is refused. */
#include "check.h"

#include <janus/channel.h>

#include <string.h>

static void frames(void)
{
    uint8_t buffer[CHANNEL_MAX_FRAME] = {0};
    struct channel_frame frame;

    channel_put_header(buffer, CHANNEL_DATA, CHANNEL_STDERR, 5);
    memcpy(buffer + CHANNEL_HEADER_SIZE, "hello", 5);
    for (size_t have = 0; have < CHANNEL_HEADER_SIZE + 5; have++)
        CHECK(channel_parse(buffer, have, &frame) == CHANNEL_AGAIN);
    CHECK(channel_parse(buffer, CHANNEL_HEADER_SIZE + 5, &frame) == CHANNEL_OK);
    CHECK(frame.type == CHANNEL_DATA && frame.stream == CHANNEL_STDERR && frame.length == 5);
    CHECK(memcmp(frame.payload, "hello", 5) == 0);

    buffer[1] ^= 1; /* magic */
    CHECK(channel_parse(buffer, sizeof buffer, &frame) == CHANNEL_BAD);
    channel_put_header(buffer, CHANNEL_DATA, 0, CHANNEL_MAX_PAYLOAD);
    CHECK(channel_parse(buffer, sizeof buffer, &frame) == CHANNEL_OK);
    channel_put_header(buffer, CHANNEL_DATA, 0, CHANNEL_MAX_PAYLOAD + 1);
    CHECK(channel_parse(buffer, sizeof buffer, &frame) == CHANNEL_BAD);
    channel_put_header(buffer, CHANNEL_TYPE_END, 0, 0);
    CHECK(channel_parse(buffer, sizeof buffer, &frame) == CHANNEL_BAD);
    memset(buffer, 0, CHANNEL_HEADER_SIZE);
    CHECK(channel_parse(buffer, sizeof buffer, &frame) == CHANNEL_BAD);
}

static void fields(void)
{
    uint8_t buffer[64];
    struct channel_writer to = {.data = buffer, .capacity = sizeof buffer};
    struct channel_field field;
    size_t at = 0;

    channel_put_field(&to, CHANNEL_FIELD_ARG, "ls", 2);
    channel_put_field(&to, CHANNEL_FIELD_ARG, "", 0);
    CHECK(!to.full && to.length == 18);
    CHECK(channel_next_field(buffer, to.length, &at, &field) == CHANNEL_OK);
    CHECK(field.tag == CHANNEL_FIELD_ARG && field.length == 2 && memcmp(field.data, "ls", 2) == 0);
    CHECK(channel_next_field(buffer, to.length, &at, &field) == CHANNEL_OK && field.length == 0);
    CHECK(channel_next_field(buffer, to.length, &at, &field) == CHANNEL_AGAIN);
    for (size_t cut = 11; cut < 18; cut++) {
        at = 0;
        CHECK(channel_next_field(buffer, cut, &at, &field) == CHANNEL_OK);
        CHECK(channel_next_field(buffer, cut, &at, &field) == CHANNEL_BAD);
    }
    at = 100;
    CHECK(channel_next_field(buffer, 18, &at, &field) == CHANNEL_BAD);
    memset(buffer + 4, 0xff, 4);
    at = 0;
    CHECK(channel_next_field(buffer, 18, &at, &field) == CHANNEL_BAD);
    channel_put_field(&to, CHANNEL_FIELD_ENV, buffer, sizeof buffer);
    CHECK(to.full);
}

static void records(void)
{
    uint8_t buffer[256];
    struct channel_writer to = {.data = buffer, .capacity = sizeof buffer};
    struct channel_file file = {.mode = 0120777,
                                .mtime_ns = -5,
                                .size = UINT64_MAX,
                                .path = {"/host/a", 7},
                                .target = {"b", 1}};
    struct channel_file file2;
    struct channel_fd fd = {1, CHANNEL_FD_FILE, 2, 1ull << 40, {"/run/stdin", 10}}, fd2;
    struct channel_winsize size = {24, 80, 1, 65535}, size2;
    uint32_t value;

    channel_put_file(&to, &file);
    CHECK(channel_read_file(buffer, to.length, &file2) == CHANNEL_OK);
    CHECK(file2.mode == file.mode && file2.mtime_ns == -5 && file2.size == UINT64_MAX);
    CHECK(file2.path.length == 7 && memcmp(file2.path.data, "/host/a", 7) == 0);
    CHECK(file2.target.length == 1 && file2.target.data[0] == 'b');
    for (size_t cut = 0; cut < to.length; cut++)
        CHECK(channel_read_file(buffer, cut, &file2) == CHANNEL_BAD);
    CHECK(channel_read_file(buffer, to.length + 1, &file2) == CHANNEL_BAD);
    buffer[28] = 0; /* a zero byte in the path */
    CHECK(channel_read_file(buffer, to.length, &file2) == CHANNEL_BAD);

    to.length = 0;
    channel_put_fd(&to, &fd);
    CHECK(channel_read_fd(buffer, to.length, &fd2) == CHANNEL_OK);
    CHECK(fd2.fd == 1 && fd2.kind == CHANNEL_FD_FILE && fd2.stream == 2 &&
          fd2.offset == 1ull << 40);
    CHECK(fd2.path.length == 10 && memcmp(fd2.path.data, "/run/stdin", 10) == 0);
    for (size_t cut = 0; cut < to.length; cut++)
        CHECK(channel_read_fd(buffer, cut, &fd2) == CHANNEL_BAD);
    buffer[8] = CHANNEL_STREAM_END;
    CHECK(channel_read_fd(buffer, to.length, &fd2) == CHANNEL_BAD);

    to.length = 0;
    channel_put_winsize(&to, &size);
    CHECK(channel_read_winsize(buffer, 8, &size2) == CHANNEL_OK);
    CHECK(memcmp(&size, &size2, sizeof size) == 0);
    CHECK(channel_read_winsize(buffer, 7, &size2) == CHANNEL_BAD);
    CHECK(channel_read_u32(buffer, 8, 1, &value) == CHANNEL_OK && value == 0xffff0001);
    CHECK(channel_read_u32(buffer, 7, 1, &value) == CHANNEL_BAD);
}

static void paths(void)
{
    static const struct {
        const char *path;
        bool plain;
    } cases[] = {{"/", true},      {"/a", true},    {"/a/b.c/..d", true}, {"/...", true},
                 {"", false},      {"a", false},    {"/a/", false},       {"//a", false},
                 {"/./a", false},  {"/a/.", false}, {"/a/..", false},     {"/../a", false},
                 {"/a//b", false}, {"/..", false}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CHECK(channel_path_is_plain((struct channel_text){
                  cases[i].path, (uint32_t)strlen(cases[i].path)}) == cases[i].plain);
    CHECK(!channel_path_is_plain((struct channel_text){"/a\0b", 4}));
}

int main(void)
{
    frames();
    fields();
    records();
    paths();
    return 0;
}
