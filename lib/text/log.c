/* The log: lines with the task's name, to the kernel's Console or to a log server. */
#include <stdio.h>
#include <string.h>

#include "janus/idl/log.h"
#include "janus/object.h"
#include "janus/runtime.h"

static char task_name[24] = "?";
static uint32_t log_type; /* type of JN_CAP_LOG; 0: not looked at */

void jn_log_set_name(const char *name)
{
    snprintf(task_name, sizeof task_name, "%s", name);
}

static void write_console(const char *text, size_t length)
{
    while (length) {
        size_t part = length < 72 ? length : 72;
        uint64_t words[JN_WORDS_REG] = {part};
        memcpy(&words[1], text, part);
        if (jn_invoke(JN_CAP_LOG, JN_OP_CONSOLE_WRITE, words) != JN_OK)
            return;
        text += part;
        length -= part;
    }
}

void jn_log(enum jn_log_level level, const char *format, ...)
{
    static const char *const marks[] = {"error: ", "warning: ", "", "debug: "};
    char line[402];
    int length = snprintf(line, sizeof line - 1, "%s: %s", task_name, marks[level & 3]);
    va_list arguments;
    va_start(arguments, format);
    length += vsnprintf(line + length, sizeof line - 1 - (size_t)length, format, arguments);
    va_end(arguments);
    if (length > (int)sizeof line - 2)
        length = (int)sizeof line - 2;
    if (!log_type) {
        uint32_t rights;
        uint64_t identity, label;
        if (jn_cap_info(JN_CAP_LOG, &log_type, &rights, &identity, &label) != JN_OK)
            return;
    }
    if (log_type == JN_TYPE_GATE) {
        jn_status_t ignored = log_write(JN_CAP_LOG, level, line, (size_t)length);
        (void)ignored;
        return;
    }
    line[length++] = '\n';
    write_console(line, (size_t)length);
}
