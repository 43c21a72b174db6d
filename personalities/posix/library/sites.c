#include "sites.h"

#include <string.h>

static void mark(struct site_targets *targets, uint64_t target)
{
    uint64_t at = target - targets->begin;
    if (at < targets->length)
        targets->bits[at / 8] |= (uint8_t)(1 << at % 8);
}

static uint64_t relative(const uint8_t *text)
{
    int32_t distance;
    memcpy(&distance, text, 4);
    return (uint64_t)(int64_t)distance;
}

/* What an instruction with this first byte may be. */
enum { NO_JUMP, NEAR /* rel32 */, SHORT /* rel8 */, CONDITION /* 0f 80 to 8f: rel32 */ };

static const uint8_t jumps[256] = {
    [0xe8] = NEAR,          [0xe9] = NEAR,           [0xeb] = SHORT,
    [0x70 ... 0x7f] = SHORT, [0xe0 ... 0xe3] = SHORT, [0x0f] = CONDITION,
};

void site_targets_scan(struct site_targets *targets, uint64_t at, const uint8_t *text,
                       size_t length, size_t beyond)
{
    for (size_t i = 0; i < length; i++) {
        uint8_t kind = jumps[text[i]];
        if (kind == NO_JUMP)
            continue;
        size_t left = length + beyond - i;
        if (kind == SHORT && left >= 2)
            mark(targets, at + i + 2 + (uint64_t)(int64_t)(int8_t)text[i + 1]);
        else if (kind == NEAR && left >= 5)
            mark(targets, at + i + 5 + relative(text + i + 1));
        else if (kind == CONDITION && left >= 6 && (text[i + 1] & 0xf0) == 0x80)
            mark(targets, at + i + 6 + relative(text + i + 2));
    }
}

static bool is_target(const struct site_targets *targets, uint64_t address)
{
    uint64_t at = address - targets->begin;
    return at >= targets->length || targets->bits[at / 8] >> at % 8 & 1;
}

/* Length of an instruction that means the same anywhere; 0: not known to. No addresses relative to rip. */
static uint32_t copyable(const uint8_t *code, size_t left)
{
    uint32_t prefix = left && (code[0] & 0xf0) == 0x40;
    if (left < prefix + 7)
        return 0;
    const uint8_t *op = code + prefix;
    uint8_t modrm = op[1];
    bool registers = modrm >> 6 == 3;
    switch (op[0]) {
    case 0x89: case 0x8b: /* mov */
        if (modrm >> 6 == 1) /* [register + disp8]; rsp has a SIB */
            return (modrm & 7) != 4 ? prefix + 3 : op[2] == 0x24 ? prefix + 4 : 0;
        return registers ? prefix + 2 : 0;
    case 0x01: case 0x03: case 0x09: case 0x0b: case 0x21: case 0x23: case 0x29: case 0x2b:
    case 0x31: case 0x33: case 0x39: case 0x3b: case 0x63: case 0x85:
        return registers ? prefix + 2 : 0;
    case 0x83:
        return registers ? prefix + 3 : 0;
    case 0x81:
        return registers ? prefix + 6 : 0;
    case 0x3d: case 0x05: case 0x25:
        return prefix + 5;
    case 0x98:
        return prefix + 1;
    case 0xf7: /* not, neg; test has an immediate */
        return registers && ((modrm >> 3 & 7) == 2 || (modrm >> 3 & 7) == 3) ? prefix + 2 : 0;
    case 0x0f:
        if ((modrm & 0xf0) == 0x40 || (modrm & 0xf6) == 0xb6) /* cmov, movzx, movsx */
            return op[2] >> 6 == 3 ? prefix + 3 : 0;
        return 0;
    default:
        return (op[0] & 0xf0) == 0x50 ? prefix + 1 : 0; /* push, pop */
    }
}

/* Length of a no-operation as assemblers fill up with; 0: none. */
static uint32_t padding(const uint8_t *code, size_t left)
{
    uint32_t prefix = 0;
    while (prefix < left && prefix < 8 && (code[prefix] == 0x66 || code[prefix] == 0x2e))
        prefix++;
    if (left < prefix + 3)
        return 0;
    const uint8_t *op = code + prefix;
    if (op[0] == 0x90 || (op[0] == 0xcc && !prefix))
        return prefix + 1;
    if (op[0] != 0x0f || op[1] != 0x1f)
        return 0;
    static const uint8_t displacement[4] = {0, 1, 4, 0};
    return op[2] >> 6 == 3 ? 0
                           : prefix + 3 + ((op[2] & 7) == 4) + displacement[op[2] >> 6];
}

bool site_plan(const struct site_targets *targets, uint64_t site, const uint8_t *code, size_t left,
               struct site_plan *plan)
{
    if (left < 2 || code[0] != 0x0f || code[1] != 0x05)
        return false;
    *plan = (struct site_plan){.length = 2};
    while (plan->length < SITE_JUMP) {
        const uint8_t *next = code + plan->length;
        uint32_t more;
        if (plan->ends) {
            more = padding(next, left - plan->length);
        } else if (plan->length < left && next[0] == 0xc3) {
            more = 1;
            plan->ends = true;
            plan->copied++;
        } else {
            more = copyable(next, left - plan->length);
            plan->copied += more;
        }
        if (!more)
            return false;
        plan->length += more;
        if (plan->length > left || plan->length > SITE_MOST)
            return false;
    }
    for (uint32_t i = 1; i < plan->length; i++)
        if (is_target(targets, site + i))
            return false;
    return true;
}
