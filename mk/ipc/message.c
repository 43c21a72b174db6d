/* What a message is made of, and how it gets from one thread's registers and UTCB to another's. */
#include "ipc/ipc.h"

#include "cpu.h"
#include "lib/string.h"
#include "trace/trace.h"

/* Are the bits of the tag's low half among those that are known and allowed here? */
status_t tag_check(const struct thread *sender, uint64_t tag, unsigned allowed)
{
    uint32_t shape = (uint32_t)tag;
    unsigned words = shape & JN_TAG_WORDS;
    unsigned items = (shape & JN_TAG_ITEMS) >> JN_TAG_ITEMS_SHIFT;

    if ((shape & ~(JN_TAG_WORDS | allowed)) || words > JN_WORDS_MAX || items > JN_ITEMS_MAX ||
        (shape & JN_TAG_WINDOWS) == JN_TAG_WINDOWS)
        return JN_BAD_ARG;
    if ((words > JN_WORDS_REG || items || shape & (JN_TAG_WINDOWS | JN_TAG_STATE)) && !sender->utcb)
        return JN_BAD_ARG;
    return JN_OK;
}

status_t message_copy(struct thread *sender, struct thread *receiver, uint64_t tag)
{
    unsigned words = tag & JN_TAG_WORDS;

    if (words > JN_WORDS_REG) {
        if (!receiver->utcb)
            return JN_TRUNCATED;
        memcpy(&receiver->utcb->words[JN_WORDS_REG], &sender->utcb->words[JN_WORDS_REG],
               (words - JN_WORDS_REG) * sizeof(uint64_t));
    }
#pragma GCC unroll 10
    for (unsigned i = 0; i < JN_WORDS_REG; i++)
        receiver->r[word_register[i]] = sender->r[word_register[i]];
    return JN_OK;
}

static void set_words(struct thread *receiver, const uint64_t *words, unsigned count)
{
    for (unsigned i = 0; i < JN_WORDS_REG; i++)
        receiver->r[word_register[i]] = i < count ? words[i] : 0;
}

static uint64_t kernel_tag(unsigned kind, unsigned words)
{
    return JN_TAG_KERNEL | (uint64_t)kind << JN_TAG_KIND_SHIFT | words;
}

status_t message_deliver(struct thread *sender, struct thread *receiver)
{
    uint64_t tag;
    status_t status;

    switch (sender->message) {
    case MESSAGE_CALL:
    case MESSAGE_SEND:
        tag = sender->r[JN_REG_RSI];
        if (tag & JN_TAG_ITEMS && (status = items_transfer(sender, receiver, tag, false)))
            return status;
        if ((status = message_copy(sender, receiver, tag)))
            return status;
        break;
    case JN_KM_SYSCALL: {
        const uint64_t *r = sender->r;
        uint64_t words[] = {r[JN_REG_RDX], r[JN_REG_R10], r[JN_REG_R8], r[JN_REG_R9], r[JN_REG_RAX],
                            r[JN_REG_RDI], r[JN_REG_RSI], sender->rip,  sender->rsp};
        tag = kernel_tag(JN_KM_SYSCALL, JN_WORDS_REG);
        set_words(receiver, words, 9);
        break;
    }
    default:
        tag = kernel_tag(sender->message, 6);
        set_words(receiver, sender->fault, 5);
        if (sender->message == JN_KM_EXCEPTION && sender->fault[0] == 1)
            receiver->r[word_register[5]] = sender->dr[4];
        if (sender->message != JN_KM_PAGE_FAULT && receiver->utcb)
            thread_state_get(sender, &receiver->utcb->state,
                             JN_STATE_REGS | JN_STATE_BASES | JN_STATE_DEBUG |
                                 (sender->fpu_used ? JN_STATE_XSAVE : 0));
    }
    if (sender->again)
        tag |= JN_TAG_AGAIN;
    receiver->r[JN_REG_RDI] = sender->label;
    receiver->r[JN_REG_RSI] = tag;
    receiver->r[JN_REG_RAX] = JN_RECEIVED;
    receiver->frame = FRAME_CALL;
    cpu_self()->slow_ipcs++;
    receiver->ipcs++;
    TRACE(trace_deliver(sender, receiver));
    return JN_OK;
}
