/* What a record says: here, of what C does. */
#include "cpu.h"
#include "ipc/ipc.h"
#include "lib/string.h"
#include "signal/signal.h"
#include "task/task.h"
#include "trace/trace.h"

#define MORE_WORDS 14 /* of a record that goes on with the one before */
#define COPY_BYTES 280 /* of what was copied: in two records more */

uint64_t trace_identity(const struct thread *thread)
{
    return thread && thread != no_thread && thread->task ? object_identity(&thread->object) : 0;
}

/* Words from `from` on that did not fit into the record that was committed. */
static void more(const struct thread *thread, const uint64_t *words, unsigned count)
{
    struct jn_trace_record *record;

    for (unsigned done = 0; done < count; done += MORE_WORDS) {
        unsigned part = count - done < MORE_WORDS ? count - done : MORE_WORDS;

        if (!(record = trace_begin(JN_TRACE_MORE, thread)))
            return;
        memcpy(&record->thread, words + done, part * sizeof *words);
        trace_commit();
    }
}

static void long_words(const struct thread *thread, uint64_t tag)
{
    unsigned words = tag & JN_TAG_WORDS;

    if (words > JN_WORDS_REG && words <= JN_WORDS_MAX && thread->utcb && !(tag & JN_TAG_KERNEL))
        more(thread, &thread->utcb->words[JN_WORDS_REG], words - JN_WORDS_REG);
}

static const uint8_t answers[] = {
    [STATE_REPLY] = JN_TRACE_OF_CALL,
    [STATE_FOREIGN] = JN_TRACE_OF_SYSCALL,
    [STATE_FAULT] = JN_TRACE_OF_FAULT,
    [STATE_EXCEPTION] = JN_TRACE_OF_EXCEPTION,
};

void trace_message(unsigned kind, unsigned flags, const struct thread *from,
                   const struct thread *to, uint64_t label, uint64_t tag,
                   const uint64_t words[JN_WORDS_REG])
{
    struct jn_trace_record *record = trace_begin(kind, from);

    if (!record)
        return;
    record->other = trace_identity(to);
    record->label = label;
    record->tag = tag;
    if (kind == JN_TRACE_ANSWER && thread_state(to) < sizeof answers)
        record->detail = answers[thread_state(to)];
    record->flags |= (uint8_t)flags;
    memcpy(record->words, words, sizeof record->words);
    trace_commit();
    long_words(from, tag);
}

static void registers(const struct thread *thread, uint64_t words[JN_WORDS_REG])
{
    for (unsigned i = 0; i < JN_WORDS_REG; i++)
        words[i] = thread->r[word_register[i]];
}

void trace_deliver(const struct thread *sender, const struct thread *receiver)
{
    uint64_t words[JN_WORDS_REG];

    registers(receiver, words);
    trace_message(JN_TRACE_DELIVER, 0, sender, receiver, receiver->r[JN_REG_RDI],
                  receiver->r[JN_REG_RSI], words);
}

void trace_answer(const struct thread *thread, const struct thread *caller)
{
    uint64_t words[JN_WORDS_REG];

    registers(thread, words);
    trace_message(JN_TRACE_ANSWER, 0, thread, caller, 0, thread->r[JN_REG_RSI], words);
}

void trace_copy(const struct thread *thread, const struct thread *whose, status_t status,
                uint64_t address, uint64_t done, bool in)
{
    struct jn_trace_record *record = trace_begin(JN_TRACE_COPY, thread);
    uint64_t own = thread->r[word_register[1]], bytes[COPY_BYTES / 8] = {0};
    size_t count = done < COPY_BYTES ? done : COPY_BYTES, rest = PAGE_SIZE - (own & PAGE_MASK);
    const char *from;

    if (!record)
        return;
    for (size_t at = 0; at < count; at += rest, rest = PAGE_SIZE) {
        if (rest > count - at)
            rest = count - at;
        if (!(from = space_access(&thread->task->space, own + at, JN_ACCESS_READ)))
            break;
        memcpy((char *)bytes + at, from, rest);
    }
    record->other = trace_identity(whose);
    record->label = address;
    record->tag = done;
    record->words[0] = own;
    record->words[1] = in ? 1 : 2;
    record->words[2] = (uint64_t)(int64_t)status;
    memcpy(&record->words[3], bytes, 7 * 8);
    trace_commit();
    if (count > 7 * 8)
        more(thread, &bytes[7], (unsigned)(count + 7) / 8 - 7);
}

void trace_signal(const struct signal *signal, const struct thread *woken)
{
    struct cpu *cpu = cpu_self();
    struct jn_trace_record *record = trace_begin(JN_TRACE_SIGNAL, cpu->runner);

    if (!record)
        return;
    record->other = trace_identity(woken);
    record->label = object_identity(&signal->object);
    record->words[0] = signal->bits;
    trace_commit();
}

void trace_thread(const struct thread *thread)
{
    struct jn_trace_record *record = trace_begin(JN_TRACE_THREAD, NULL);

    if (!record)
        return;
    record->thread = trace_identity(thread);
    record->other = object_identity(&thread->task->object);
    record->label = thread->number;
    record->detail = thread->kind & KIND_FOREIGN ? 1 : 0;
    trace_commit();
}

void trace_thread_end(const struct thread *thread)
{
    struct jn_trace_record *record = trace_begin(JN_TRACE_THREAD_END, thread);

    if (record)
        trace_commit();
}

static void task_record(unsigned kind, const struct task *task)
{
    struct jn_trace_record *record = trace_begin(kind, NULL);

    if (!record)
        return;
    record->other = object_identity(&task->object);
    memcpy(record->words, task->name, sizeof task->name);
    trace_commit();
}

void trace_task(const struct task *task)
{
    task_record(JN_TRACE_TASK, task);
}

void trace_task_end(const struct task *task)
{
    task_record(JN_TRACE_TASK_END, task);
}
