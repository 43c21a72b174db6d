/* Encoder and parser of the byte channel's frames and payloads, for both of its ends. */
#include <janus/channel.h>

static uint16_t get_u16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t get_u32(const uint8_t *p)
{
    return get_u16(p) | (uint32_t)get_u16(p + 2) << 16;
}

static uint64_t get_u64(const uint8_t *p)
{
    return get_u32(p) | (uint64_t)get_u32(p + 4) << 32;
}

/* ---- parsing ---- */

enum channel_status channel_parse(const void *data, size_t length, struct channel_frame *frame)
{
    const uint8_t *p = data;

    if (length < CHANNEL_HEADER_SIZE)
        return CHANNEL_AGAIN;
    frame->type = p[0];
    frame->stream = get_u16(p + 2);
    frame->length = get_u32(p + 4);
    frame->payload = p + CHANNEL_HEADER_SIZE;
    if (p[1] != CHANNEL_MAGIC || frame->type == 0 || frame->type >= CHANNEL_TYPE_END)
        return CHANNEL_BAD;
    if (frame->length > CHANNEL_MAX_PAYLOAD)
        return CHANNEL_BAD;
    if (length - CHANNEL_HEADER_SIZE < frame->length)
        return CHANNEL_AGAIN;
    return CHANNEL_OK;
}

enum channel_status channel_next_field(const void *record, size_t length, size_t *offset,
                                       struct channel_field *field)
{
    const uint8_t *p = record;

    if (*offset == length)
        return CHANNEL_AGAIN;
    if (*offset > length || length - *offset < 8)
        return CHANNEL_BAD;
    p += *offset;
    field->tag = get_u16(p);
    field->length = get_u32(p + 4);
    field->data = p + 8;
    if (get_u16(p + 2) != 0 || field->length > length - *offset - 8)
        return CHANNEL_BAD;
    *offset += 8 + (size_t)field->length;
    return CHANNEL_OK;
}

enum channel_status channel_read_u32(const void *payload, size_t length, unsigned index,
                                     uint32_t *value)
{
    if (length / 4 <= index)
        return CHANNEL_BAD;
    *value = get_u32((const uint8_t *)payload + 4 * (size_t)index);
    return CHANNEL_OK;
}

static bool text_is_sound(struct channel_text text)
{
    for (uint32_t i = 0; i < text.length; i++)
        if (text.data[i] == 0)
            return false;
    return text.length <= CHANNEL_MAX_PATH;
}

enum { FILE_FIXED = 28, FD_FIXED = 24 };

enum channel_status channel_read_file(const void *payload, size_t length, struct channel_file *file)
{
    const uint8_t *p = payload;

    if (length < FILE_FIXED)
        return CHANNEL_BAD;
    file->mode = get_u32(p);
    file->mtime_ns = (int64_t)get_u64(p + 4);
    file->size = get_u64(p + 12);
    file->path.length = get_u32(p + 20);
    file->target.length = get_u32(p + 24);
    if ((uint64_t)file->path.length + file->target.length != length - FILE_FIXED)
        return CHANNEL_BAD;
    file->path.data = (const char *)p + FILE_FIXED;
    file->target.data = file->path.data + file->path.length;
    if (!text_is_sound(file->path) || !text_is_sound(file->target) || file->path.length == 0)
        return CHANNEL_BAD;
    return CHANNEL_OK;
}

enum channel_status channel_read_fd(const void *payload, size_t length, struct channel_fd *fd)
{
    const uint8_t *p = payload;

    if (length < FD_FIXED)
        return CHANNEL_BAD;
    fd->fd = get_u32(p);
    fd->kind = get_u32(p + 4);
    fd->stream = get_u32(p + 8);
    fd->offset = get_u64(p + 12);
    fd->path.length = get_u32(p + 20);
    fd->path.data = (const char *)p + FD_FIXED;
    if (fd->path.length != length - FD_FIXED || !text_is_sound(fd->path))
        return CHANNEL_BAD;
    if (fd->kind > CHANNEL_FD_CLOSED || fd->stream >= CHANNEL_STREAM_END)
        return CHANNEL_BAD;
    return CHANNEL_OK;
}

enum channel_status channel_read_winsize(const void *payload, size_t length,
                                         struct channel_winsize *size)
{
    const uint8_t *p = payload;

    if (length != 8)
        return CHANNEL_BAD;
    size->rows = get_u16(p);
    size->columns = get_u16(p + 2);
    size->x_pixels = get_u16(p + 4);
    size->y_pixels = get_u16(p + 6);
    return CHANNEL_OK;
}

bool channel_path_is_plain(struct channel_text path)
{
    uint32_t i = 0;

    if (path.length == 0 || path.length > CHANNEL_MAX_PATH || path.data[0] != '/')
        return false;
    if (path.length == 1)
        return true;
    while (i < path.length) {
        uint32_t start = ++i; /* step over the '/' */
        while (i < path.length && path.data[i] != '/') {
            if (path.data[i] == 0)
                return false;
            i++;
        }
        uint32_t n = i - start;
        if (n == 0 || (n == 1 && path.data[start] == '.'))
            return false;
        if (n == 2 && path.data[start] == '.' && path.data[start + 1] == '.')
            return false;
    }
    return true;
}

/* ---- encoding ---- */

void channel_put_header(uint8_t header[CHANNEL_HEADER_SIZE], enum channel_type type,
                        uint16_t stream, uint32_t length)
{
    struct channel_writer to = {.data = header, .capacity = CHANNEL_HEADER_SIZE};

    channel_put_u16(&to, (uint16_t)(type | CHANNEL_MAGIC << 8));
    channel_put_u16(&to, stream);
    channel_put_u32(&to, length);
}

void channel_put_bytes(struct channel_writer *to, const void *data, size_t length)
{
    if (to->full || length > to->capacity - to->length) {
        to->full = true;
        return;
    }
    if (length)
        __builtin_memcpy(to->data + to->length, data, length);
    to->length += length;
}

void channel_put_u16(struct channel_writer *to, uint16_t value)
{
    uint8_t bytes[2] = {(uint8_t)value, (uint8_t)(value >> 8)};

    channel_put_bytes(to, bytes, sizeof bytes);
}

void channel_put_u32(struct channel_writer *to, uint32_t value)
{
    channel_put_u16(to, (uint16_t)value);
    channel_put_u16(to, (uint16_t)(value >> 16));
}

void channel_put_u64(struct channel_writer *to, uint64_t value)
{
    channel_put_u32(to, (uint32_t)value);
    channel_put_u32(to, (uint32_t)(value >> 32));
}

void channel_put_field(struct channel_writer *to, uint16_t tag, const void *data, size_t length)
{
    channel_put_u16(to, tag);
    channel_put_u16(to, 0);
    channel_put_u32(to, (uint32_t)length);
    channel_put_bytes(to, data, length);
}

void channel_put_file(struct channel_writer *to, const struct channel_file *file)
{
    channel_put_u32(to, file->mode);
    channel_put_u64(to, (uint64_t)file->mtime_ns);
    channel_put_u64(to, file->size);
    channel_put_u32(to, file->path.length);
    channel_put_u32(to, file->target.length);
    channel_put_bytes(to, file->path.data, file->path.length);
    channel_put_bytes(to, file->target.data, file->target.length);
}

void channel_put_fd(struct channel_writer *to, const struct channel_fd *fd)
{
    channel_put_u32(to, fd->fd);
    channel_put_u32(to, fd->kind);
    channel_put_u32(to, fd->stream);
    channel_put_u64(to, fd->offset);
    channel_put_u32(to, fd->path.length);
    channel_put_bytes(to, fd->path.data, fd->path.length);
}

void channel_put_winsize(struct channel_writer *to, const struct channel_winsize *size)
{
    channel_put_u16(to, size->rows);
    channel_put_u16(to, size->columns);
    channel_put_u16(to, size->x_pixels);
    channel_put_u16(to, size->y_pixels);
}
