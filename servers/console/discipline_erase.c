/* Erasing in the line being edited: one character, a word, or all of it, and what the screen shows
 * of that (ECHOE, ECHOK, ECHOKE, ECHOPRT). */
#include "character.h"
#include "discipline.h"

enum erase_what { ERASE_CHARACTER, ERASE_WORD, ERASE_LINE };

void discipline_finish_erasing(struct discipline *d)
{
    if (!d->erasing)
        return;
    d->erasing = false;
    discipline_echo_add(d, ECHO_BYTE, '/');
}

static bool continues_character(const struct discipline *d, uint8_t c)
{
    return (d->attributes.input & IN_IUTF8) && character_continues(c);
}

/* How far to step back over a tab depends on what stands before it, back to the tab before or to
 * the start of the edited line, whose column only the output side knows. */
static void echo_tab_erased(struct discipline *d)
{
    uint32_t columns = 0;
    bool after_tab = false;

    for (uint32_t position = d->head; position != d->line_end && !after_tab;) {
        uint8_t c = discipline_byte(d, --position);

        if (c == '\t')
            after_tab = true;
        else if (character_is_control(c))
            columns += discipline_has(d, LOC_ECHOCTL) ? 2 : 0;
        else if (!continues_character(d, c))
            columns++;
    }
    discipline_echo_add(d, ECHO_ERASE_TAB, (uint8_t)((columns & 7) | (after_tab ? 0x80 : 0)));
}

static void echo_rubout(struct discipline *d)
{
    discipline_echo_add(d, ECHO_BYTE, '\b');
    discipline_echo_add(d, ECHO_BYTE, ' ');
    discipline_echo_add(d, ECHO_BYTE, '\b');
}

/* The bytes [d->head, d->head + count) have just gone; the first is `c`. */
static void echo_erased(struct discipline *d, enum erase_what what, uint8_t c, uint32_t count)
{
    if (discipline_has(d, LOC_ECHOPRT)) {
        if (!d->erasing) {
            discipline_echo_add(d, ECHO_BYTE, '\\');
            d->erasing = true;
        }
        discipline_echo(d, c);
        for (uint32_t i = 1; i < count; i++) {
            discipline_echo_add(d, ECHO_BYTE, discipline_byte(d, d->head + i));
            discipline_echo_add(d, ECHO_BACK, 0);
        }
    } else if (what == ERASE_CHARACTER && !discipline_has(d, LOC_ECHOE)) {
        discipline_echo(d, d->attributes.cc[CC_ERASE]);
    } else if (c == '\t') {
        echo_tab_erased(d);
    } else if (character_is_control(c)) {
        if (discipline_has(d, LOC_ECHOCTL)) {
            echo_rubout(d);
            echo_rubout(d);
        }
    } else {
        echo_rubout(d);
    }
}

/* Kill without repainting: the kill character itself, and a new line if ECHOK wants one. */
static void kill_plainly(struct discipline *d)
{
    d->head = d->line_end;
    discipline_finish_erasing(d);
    discipline_echo(d, d->attributes.cc[CC_KILL]);
    if (discipline_has(d, LOC_ECHOK))
        discipline_echo_add(d, ECHO_BYTE, '\n');
}

void discipline_erase(struct discipline *d, uint8_t key)
{
    const uint32_t repaint = LOC_ECHOK | LOC_ECHOKE | LOC_ECHOE;
    enum erase_what what = ERASE_LINE;
    bool in_word = false;

    if (d->head == d->line_end)
        return;
    if (key == d->attributes.cc[CC_ERASE])
        what = ERASE_CHARACTER;
    else if (key == d->attributes.cc[CC_WERASE])
        what = ERASE_WORD;
    if (what == ERASE_LINE && !discipline_has(d, LOC_ECHO)) {
        d->head = d->line_end;
        return;
    }
    if (what == ERASE_LINE && (d->attributes.local & repaint) != repaint) {
        kill_plainly(d);
        return;
    }
    while (d->head != d->line_end) {
        uint32_t start = d->head;
        uint32_t count;
        uint8_t c;

        do {
            c = discipline_byte(d, --start);
        } while (continues_character(d, c) && start != d->line_end);
        if (continues_character(d, c))
            break; /* the rest of a character whose beginning is in a line that was ended */
        if (what == ERASE_WORD) {
            if (character_is_word(c))
                in_word = true;
            else if (in_word)
                break;
        }
        count = d->head - start;
        d->head = start;
        if (discipline_has(d, LOC_ECHO))
            echo_erased(d, what, c, count);
        if (what == ERASE_CHARACTER)
            break;
    }
    if (d->head == d->line_end && discipline_has(d, LOC_ECHO))
        discipline_finish_erasing(d);
}
