/* What a record says: here, of what C does. */
#include "cpu.h"
#include "ipc/ipc.h"
#include "lib/string.h"
#include "signal/signal.h"
#include "task/task.h"
#include "trace/trace.h"

#define MORE_WORDS  14 /* of a record that goes on with the one before */
#define COPY_BYTES  280 /* of what was copied: in two records more */
#define COPY_INSIDE 56  /* in the first */

uint64_t trace_identity(const struct thread *thread)
{
    return thread && thread != no_thread && thread->task ? object_identity(&thread->object) : 0;
}

/* Words that did not fit into the record that was written last. */
static void more(const struct thread *by, const uint64_t *words, unsigned count)
{
    for (unsigned done = 0; done < count; done += MORE_WORDS) {
        struct jn_trace_record record = {.kind = JN_TRACE_MORE};

        memcpy(&record.thread, words + done,
               (count - done < MORE_WORDS ? count - done : MORE_WORDS) * sizeof *words);
        trace_write(by, &record);
    }
}

void trace_message(struct jn_trace_record record, const struct thread *from)
{
    unsigned words = record.tag & JN_TAG_WORDS;

    trace_write(from, &record);
    if (words > JN_WORDS_REG && words <= JN_WORDS_MAX && from->utcb && !(record.tag & JN_TAG_KERNEL))
        more(from, &from->utcb->words[JN_WORDS_REG], words - JN_WORDS_REG);
}

void trace_registers(const struct thread *thread, uint64_t words[JN_WORDS_REG])
{
    for (unsigned i = 0; i < JN_WORDS_REG; i++)
        words[i] = thread->r[word_register[i]];
}

void trace_deliver(const struct thread *sender, const struct thread *receiver)
{
    struct jn_trace_record record = {
        .kind = JN_TRACE_DELIVER,
        .other = trace_identity(receiver),
        .label = receiver->r[JN_REG_RDI],
        .tag = receiver->r[JN_REG_RSI],
    };

    trace_registers(receiver, record.words);
    trace_message(record, sender);
}

unsigned trace_answer_of(unsigned caller_state)
{
    return caller_state - STATE_REPLY + JN_TRACE_OF_CALL;
}

_Static_assert(STATE_EXCEPTION - STATE_REPLY == JN_TRACE_OF_EXCEPTION - JN_TRACE_OF_CALL, "");

void trace_answer(const struct thread *thread, const struct thread *caller)
{
    struct jn_trace_record record = {
        .kind = JN_TRACE_ANSWER,
        .detail = (uint8_t)trace_answer_of(thread_state(caller)),
        .other = trace_identity(caller),
        .tag = thread->r[JN_REG_RSI],
    };

    trace_registers(thread, record.words);
    trace_message(record, thread);
}

void trace_copy(const struct thread *thread, const struct thread *whose, status_t status,
                uint64_t address, uint64_t done, bool in)
{
    uint64_t own = thread->r[word_register[1]], bytes[COPY_BYTES / 8] = {0};
    size_t count = done < COPY_BYTES ? done : COPY_BYTES, rest = PAGE_SIZE - (own & PAGE_MASK);
    struct jn_trace_record record = {
        .kind = JN_TRACE_COPY,
        .other = trace_identity(whose),
        .label = address,
        .tag = done,
        .words = {own, in ? 1 : 2, (uint64_t)(int64_t)status},
    };
    const char *from;

    for (size_t at = 0; at < count; at += rest, rest = PAGE_SIZE) {
        if (rest > count - at)
            rest = count - at;
        if (!(from = space_access(&thread->task->space, own + at, JN_ACCESS_READ)))
            break;
        memcpy((char *)bytes + at, from, rest);
    }
    memcpy(&record.words[3], bytes, COPY_INSIDE);
    trace_write(thread, &record);
    if (count > COPY_INSIDE)
        more(thread, &bytes[COPY_INSIDE / 8], (unsigned)(count + 7 - COPY_INSIDE) / 8);
}

void trace_signal(const struct signal *signal, const struct thread *woken)
{
    trace_write(cpu_self()->runner, &(struct jn_trace_record){
        .kind = JN_TRACE_SIGNAL,
        .other = trace_identity(woken),
        .label = object_identity(&signal->object),
        .words = {signal->bits},
    });
}

void trace_thread(const struct thread *thread)
{
    trace_write(NULL, &(struct jn_trace_record){
        .kind = JN_TRACE_THREAD,
        .detail = !!(thread->kind & KIND_FOREIGN),
        .thread = trace_identity(thread),
        .other = object_identity(&thread->task->object),
        .label = thread->number,
    });
}

void trace_thread_end(const struct thread *thread)
{
    trace_write(NULL, &(struct jn_trace_record){.kind = JN_TRACE_THREAD_END,
                                                .thread = trace_identity(thread)});
}

void trace_task(const struct task *task, unsigned kind)
{
    struct jn_trace_record record = {.kind = (uint8_t)kind,
                                     .other = object_identity(&task->object)};

    memcpy(record.words, task->name, sizeof task->name);
    trace_write(NULL, &record);
}
