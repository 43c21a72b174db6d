/* MC146818A, sections "time and calendar" and "update cycle". */
#include "platform/rtc.h"

#include <stdbool.h>

#include "lib/string.h"
#include "platform/ports.h"

#define UPDATE_IN_PROGRESS 0x80
#define FORMAT_BINARY      4
#define FORMAT_24_HOURS    2

static uint8_t cmos(uint8_t number)
{
    port_out8(0x70, number | 0x80); /* NMI off while the index is set */
    return port_in8(0x71);
}

struct fields {
    uint8_t second, minute, hour, day, month, year;
};

static struct fields read_fields(void)
{
    for (unsigned tries = 0; (cmos(0x0a) & UPDATE_IN_PROGRESS) && tries < 100000; tries++)
        ;
    return (struct fields){cmos(0), cmos(2), cmos(4), cmos(7), cmos(8), cmos(9)};
}

static uint8_t decimal(uint8_t value, bool binary)
{
    return binary ? value : (uint8_t)((value >> 4) * 10 + (value & 15));
}

/* Days from 1970-01-01 in the Gregorian calendar; March is the year's first month here, so that
 * the leap day is the last. */
static uint64_t days(unsigned year, unsigned month, unsigned day)
{
    unsigned y = month <= 2 ? year - 1 : year, m = month <= 2 ? month + 9 : month - 3;

    return 365ull * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

uint64_t rtc_read(void)
{
    struct fields now, again;

    /* Two equal readings: no update came between the fields. */
    do {
        now = read_fields();
        again = read_fields();
    } while (memcmp(&now, &again, sizeof now));

    uint8_t format = cmos(0x0b);
    bool binary = format & FORMAT_BINARY, afternoon = now.hour & 0x80;
    unsigned hour = decimal(now.hour & 0x7f, binary);
    if (!(format & FORMAT_24_HOURS))
        hour = hour % 12 + (afternoon ? 12 : 0);
    port_out8(0x70, 0); /* NMI on again */
    return ((days(2000u + decimal(now.year, binary), decimal(now.month, binary),
                  decimal(now.day, binary)) *
                 24 +
             hour) *
                60 +
            decimal(now.minute, binary)) *
               60 +
           decimal(now.second, binary);
}
