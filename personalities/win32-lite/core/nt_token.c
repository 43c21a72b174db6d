/* Tokens: one user, S-1-5-21-0-0-0-1000, an administrator. Minimal, and the same for everybody. */
#include <string.h>

#include "core.h"

static const uint8_t user_sid[28] = {1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 0, 0, 0, 0,
                                     0, 0, 0, 0, 0, 0, 0, 0, 0xe8, 3, 0, 0};
static const uint8_t users_sid[28] = {1, 5, 0, 0, 0, 0, 0, 5, 21, 0, 0, 0, 0, 0, 0, 0,
                                      0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0};
static const uint8_t admins_sid[16] = {1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0};
static const uint8_t everyone_sid[12] = {1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0};
static const uint8_t local_sid[12] = {1, 1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0};
static const uint8_t high_sid[12] = {1, 1, 0, 0, 0, 0, 0, 16, 0, 0x30, 0, 0};

/* Handles -4, -5 and -6 mean the process's, the thread's and the effective token. */
static nt_status token_of(struct nt_thread *t, uint64_t handle, struct nt_token *pseudo,
                          struct nt_token **token)
{
    switch ((int32_t)handle) {
    case -4:
    case -6:
        memset(pseudo, 0, sizeof *pseudo);
        pseudo->kind = 1;
        *token = pseudo;
        return NT_SUCCESS;
    case -5: return NT_NO_TOKEN;
    }
    return nt_handle_object(t, handle, NT_TYPE_TOKEN, 0, token);
}

/* {pointer to SID, attributes} with the SID behind it. */
static uint32_t put_sid(uint8_t *out, uint64_t address, const uint8_t *sid, uint32_t size,
                        uint32_t attributes)
{
    uint64_t pointer = address + 16;

    memcpy(out, &pointer, 8);
    memcpy(out + 8, &attributes, 4);
    memset(out + 12, 0, 4);
    memcpy(out + 16, sid, size);
    return 16 + size;
}

static nt_status give(struct nt_thread *t, const uint64_t *a, const void *data, uint32_t length)
{
    if (a[4] && NT_FAILED(nt_write_u32(t, a[4], length)))
        return NT_ACCESS_VIOLATION;
    if ((uint32_t)a[3] < length)
        return NT_BUFFER_TOO_SMALL;
    return nt_write(t, a[2], data, length);
}

static const uint32_t privileges[] = {5, 8, 9, 10, 11, 12, 13, 14, 15, 17, 18, 19, 20, 22, 23, 24,
                                      25, 28, 29, 30};

static nt_status query(struct nt_thread *t, const uint64_t *a, struct nt_token *token)
{
    uint8_t out[512] = {0};
    uint64_t at = a[2], pointer;
    uint32_t word, length;

    switch ((uint32_t)a[1]) {
    case 1: return give(t, a, out, put_sid(out, at, user_sid, sizeof user_sid, 0));
    case 2: { /* TokenGroups */
        static const struct {
            const uint8_t *sid;
            uint32_t size, attributes;
        } groups[] = {{users_sid, 28, 7}, {everyone_sid, 12, 7}, {admins_sid, 16, 15},
                      {local_sid, 12, 7}};
        word = 4;
        memcpy(out, &word, 4);
        length = 8 + 4 * 16;
        for (uint32_t i = 0; i < 4; i++) {
            pointer = at + length;
            memcpy(out + 8 + i * 16, &pointer, 8);
            memcpy(out + 16 + i * 16, &groups[i].attributes, 4);
            memcpy(out + length, groups[i].sid, groups[i].size);
            length += groups[i].size;
        }
        return give(t, a, out, length);
    }
    case 3: { /* TokenPrivileges */
        word = sizeof privileges / sizeof *privileges;
        memcpy(out, &word, 4);
        for (uint32_t i = 0; i < word; i++) {
            uint32_t entry[3] = {privileges[i], 0, 0};
            if (privileges[i] == 23 || privileges[i] == 29 || privileges[i] == 30)
                entry[2] = 3;
            memcpy(out + 4 + i * 12, entry, 12);
        }
        return give(t, a, out, 4 + word * 12);
    }
    case 4: /* TokenOwner */
        pointer = at + 8;
        memcpy(out, &pointer, 8);
        memcpy(out + 8, admins_sid, sizeof admins_sid);
        return give(t, a, out, 8 + sizeof admins_sid);
    case 5: /* TokenPrimaryGroup */
        pointer = at + 8;
        memcpy(out, &pointer, 8);
        memcpy(out + 8, users_sid, sizeof users_sid);
        return give(t, a, out, 8 + sizeof users_sid);
    case 6: /* TokenDefaultDacl: none */
        return give(t, a, out, 8);
    case 8:
        word = token->kind ? token->kind : 1;
        return give(t, a, &word, 4);
    case 9:
        if (token->kind != 2)
            return NT_INVALID_PARAMETER;
        word = 2;
        return give(t, a, &word, 4);
    case 10: { /* TokenStatistics */
        uint64_t statistics[7] = {t->process->pid, 999, INT64_MAX, 1, 0, 0, 0};
        return give(t, a, statistics, sizeof statistics);
    }
    case 12:
        word = 1;
        return give(t, a, &word, 4); /* session */
    case 18:
        word = 1; /* TokenElevationTypeDefault */
        return give(t, a, &word, 4);
    case 20:
        word = 1; /* elevated */
        return give(t, a, &word, 4);
    case 21: /* TokenHasRestrictions */
    case 23: /* TokenVirtualizationAllowed */
    case 24:
    case 26: /* TokenUIAccess */
    case 29: /* TokenIsAppContainer */
        word = 0;
        return give(t, a, &word, 4);
    case 25: return give(t, a, out, put_sid(out, at, high_sid, sizeof high_sid, 0x60));
    case 28: return give(t, a, out, 8 + 0); /* TokenLogonSid */
    case 31: return give(t, a, out, 8);     /* TokenAppContainerSid: none */
    }
    world_log("win32: pid %u: NtQueryInformationToken class %u", (unsigned)t->process->pid,
              (unsigned)a[1]);
    return NT_NOT_IMPLEMENTED;
}

nt_status NtQueryInformationToken(struct nt_thread *t, const uint64_t *a)
{
    struct nt_token pseudo, *token;
    nt_status status = token_of(t, a[0], &pseudo, &token);

    return NT_FAILED(status) ? status : query(t, a, token);
}

static nt_status open_token(struct nt_thread *t, uint64_t process, uint32_t access, uint64_t result,
                            uint32_t flags)
{
    struct nt_process_object *object;
    struct nt_token *token;
    nt_status status = nt_handle_object(t, process, NT_TYPE_PROCESS, 0, &object);

    if (NT_FAILED(status))
        return status;
    token = nt_object_create(t->process, NT_TYPE_TOKEN, sizeof *token);
    if (!token)
        return NT_NO_MEMORY;
    token->kind = 1;
    return nt_handle_give(t, result, token, access, flags, NT_SUCCESS);
}

nt_status NtOpenProcessToken(struct nt_thread *t, const uint64_t *a)
{
    return open_token(t, a[0], (uint32_t)a[1], a[2], 0);
}

nt_status NtOpenProcessTokenEx(struct nt_thread *t, const uint64_t *a)
{
    return open_token(t, a[0], (uint32_t)a[1], a[3], (uint32_t)a[2]);
}

nt_status NtOpenThreadToken(struct nt_thread *t, const uint64_t *a)
{
    struct nt_thread_object *object;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_THREAD, 0, &object);

    return NT_FAILED(status) ? status : NT_NO_TOKEN; /* no thread impersonates */
}

nt_status NtOpenThreadTokenEx(struct nt_thread *t, const uint64_t *a)
{
    return NtOpenThreadToken(t, a);
}

nt_status NtDuplicateToken(struct nt_thread *t, const uint64_t *a)
{
    struct nt_token pseudo, *token, *copy;
    struct nt_attributes attributes;
    nt_status status = token_of(t, a[0], &pseudo, &token);

    if (!NT_FAILED(status))
        status = nt_read_attributes(t, a[2], &attributes);
    if (NT_FAILED(status))
        return status;
    nt_attributes_free(&attributes);
    copy = nt_object_create(t->process, NT_TYPE_TOKEN, sizeof *copy);
    if (!copy)
        return NT_NO_MEMORY;
    copy->kind = (uint32_t)a[4] == 2 ? 2 : 1;
    return nt_handle_give(t, a[5], copy, (uint32_t)a[1] ? (uint32_t)a[1] : 0xf01ff,
                          attributes.flags, NT_SUCCESS);
}

/* Every known privilege may be enabled; nothing here asks for one afterwards. */
nt_status NtAdjustPrivilegesToken(struct nt_thread *t, const uint64_t *a)
{
    struct nt_token pseudo, *token;
    uint32_t count = 0;
    bool missing = false;
    nt_status status = token_of(t, a[0], &pseudo, &token);

    if (NT_FAILED(status))
        return status;
    if (!(uint8_t)a[1]) {
        if (NT_FAILED(nt_read(t, a[2], &count, 4)) || count > 64)
            return NT_ACCESS_VIOLATION;
        for (uint32_t i = 0; i < count; i++) {
            uint32_t entry[3];
            bool known = false;
            if (NT_FAILED(nt_read(t, a[2] + 4 + i * 12, entry, 12)))
                return NT_ACCESS_VIOLATION;
            for (uint32_t j = 0; j < sizeof privileges / sizeof *privileges; j++)
                known |= entry[0] == privileges[j] && !entry[1];
            missing |= !known;
        }
    }
    if (a[4] && (uint32_t)a[3] >= 4 && NT_FAILED(nt_write_u32(t, a[4], 0)))
        return NT_ACCESS_VIOLATION;
    if (a[5] && NT_FAILED(nt_write_u32(t, a[5], 4)))
        return NT_ACCESS_VIOLATION;
    return missing ? NT_NOT_ALL_ASSIGNED : NT_SUCCESS;
}

nt_status NtPrivilegeCheck(struct nt_thread *t, const uint64_t *a)
{
    uint8_t yes = 1;

    return nt_write(t, a[2], &yes, 1);
}

nt_status NtSetInformationToken(struct nt_thread *t, const uint64_t *a)
{
    struct nt_token pseudo, *token;
    nt_status status = token_of(t, a[0], &pseudo, &token);

    if (NT_FAILED(status))
        return status;
    world_log("win32: pid %u: NtSetInformationToken class %u", (unsigned)t->process->pid,
              (unsigned)a[1]);
    return NT_NOT_SUPPORTED;
}

nt_status NtAllocateLocallyUniqueId(struct nt_thread *t, const uint64_t *a)
{
    static uint64_t last = 1000;

    return nt_write_u64(t, a[0], ++last);
}

nt_status NtAllocateUuids(struct nt_thread *t, const uint64_t *a)
{
    uint8_t node[6] = {2, 0, 0, 0, 0, 1};

    if (NT_FAILED(nt_write_u64(t, a[0], nt_time_now())) || NT_FAILED(nt_write_u32(t, a[1], 10000)) ||
        NT_FAILED(nt_write_u32(t, a[2], 1)) || (a[3] && NT_FAILED(nt_write(t, a[3], node, 6))))
        return NT_ACCESS_VIOLATION;
    return NT_SUCCESS;
}

/* ---- security descriptors: owner and group as above, a list that allows everything ---- */
nt_status NtQuerySecurityObject(struct nt_thread *t, const uint64_t *a)
{
    uint8_t out[128] = {0};
    uint32_t information = (uint32_t)a[1], at = 20;
    struct nt_object *object;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_NONE, 0, &object);

    if (NT_FAILED(status))
        return status;
    out[0] = 1;
    uint16_t control = 0x8000;
    if (information & 1) {
        memcpy(out + 4, &at, 4);
        memcpy(out + at, admins_sid, sizeof admins_sid);
        at += sizeof admins_sid;
    }
    if (information & 2) {
        memcpy(out + 8, &at, 4);
        memcpy(out + at, users_sid, sizeof users_sid);
        at += sizeof users_sid;
    }
    if (information & 4) { /* one ACE: everyone, all */
        static const uint8_t dacl[28] = {2, 0, 28, 0, 1, 0, 0, 0, 0, 0, 20, 0,
                                         0xff, 1, 0x1f, 0, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0};
        control |= 4;
        memcpy(out + 16, &at, 4);
        memcpy(out + at, dacl, sizeof dacl);
        at += sizeof dacl;
    }
    memcpy(out + 2, &control, 2);
    if (NT_FAILED(nt_write_u32(t, a[4], at)))
        return NT_ACCESS_VIOLATION;
    if ((uint32_t)a[3] < at)
        return NT_BUFFER_TOO_SMALL;
    return nt_write(t, a[2], out, at);
}

nt_status NtSetSecurityObject(struct nt_thread *t, const uint64_t *a)
{
    struct nt_object *object;
    nt_status status = nt_handle_object(t, a[0], NT_TYPE_NONE, 0, &object);

    if (NT_FAILED(status))
        return status;
    world_log("win32: pid %u: a security descriptor is not kept", (unsigned)t->process->pid);
    return NT_NOT_SUPPORTED;
}

nt_status NtAccessCheck(struct nt_thread *t, const uint64_t *a)
{
    uint32_t wanted = (uint32_t)a[2], mapping[4];

    if (NT_FAILED(nt_read(t, a[3], mapping, sizeof mapping)))
        return NT_ACCESS_VIOLATION;
    if (wanted & NT_MAXIMUM_ALLOWED)
        wanted = mapping[3];
    if (NT_FAILED(nt_write_u32(t, a[6], wanted)) || NT_FAILED(nt_write_u32(t, a[7], NT_SUCCESS)))
        return NT_ACCESS_VIOLATION;
    return NT_SUCCESS;
}
