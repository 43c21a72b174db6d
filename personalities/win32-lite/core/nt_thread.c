/* Threads: TEB, stack and first registers; ends; suspension. */
#include <stdlib.h>
#include <string.h>

#include "nt_remote.h"

/* A thread's cookie is its place in the table, and above PLACE_BITS how often the place was given. A free
 * place has cookie 0 and its next cookie's upper half, and the next free place, in `thread`. */
#define PLACE_BITS 28
#define PLACES_MAX (1u << 20)
struct nt_thread_place *nt_thread_places;
uint64_t nt_thread_place_count;
void (*nt_thread_places_moved)(void);
static uint32_t free_place; /* 0: none; place 0 is never given */

static bool more_places(void)
{
    uint64_t wanted = nt_thread_place_count ? nt_thread_place_count * 2 : 64;
    struct nt_thread_place *larger;

    if (wanted > PLACES_MAX)
        return false;
    larger = realloc(nt_thread_places, wanted * sizeof *larger);
    if (!larger)
        return false;
    for (uint64_t i = nt_thread_place_count; i < wanted; i++)
        larger[i] = (struct nt_thread_place){
            (void *)(1ull << PLACE_BITS | (i + 1 < wanted ? i + 1 : 0)), 0};
    free_place = nt_thread_place_count ? (uint32_t)nt_thread_place_count : 1;
    nt_thread_places = larger;
    nt_thread_place_count = wanted;
    if (nt_thread_places_moved)
        nt_thread_places_moved();
    return true;
}

static uint64_t cookie_give(struct nt_thread *t)
{
    struct nt_thread_place *place;
    uint64_t was;

    if (!free_place && !more_places())
        return 0;
    place = &nt_thread_places[free_place];
    was = (uint64_t)place->thread;
    *place = (struct nt_thread_place){t, was >> PLACE_BITS << PLACE_BITS | free_place};
    free_place = (uint32_t)was & ((1u << PLACE_BITS) - 1);
    return place->cookie;
}

static void cookie_take(uint64_t cookie)
{
    uint32_t place = (uint32_t)cookie & ((1u << PLACE_BITS) - 1);
    uint64_t times = (uint32_t)(cookie >> PLACE_BITS) + 1ull;

    if (!cookie)
        return;
    if (times >> 32) /* bits above are others' (NT_ASYNC_COOKIE and the like) */
        times = 1;
    nt_thread_places[place] =
        (struct nt_thread_place){(void *)(times << PLACE_BITS | free_place), 0};
    free_place = place;
}

struct nt_thread *nt_thread_by_cookie(uint64_t cookie)
{
    uint64_t place = cookie & ((1u << PLACE_BITS) - 1);

    return cookie && place < nt_thread_place_count && nt_thread_places[place].cookie == cookie
               ? nt_thread_places[place].thread
               : NULL;
}

static const struct world_backing zero_backing = {.kind = WORLD_BACK_ZERO};

#define NT_TEB_USED (2 * NT_PAGE)  /* written at the start: whole pages */
#define STACK_USED (4 * NT_PAGE)   /* what the loader goes down to, mostly */

static nt_status make_teb(struct nt_process *p, struct nt_thread *t)
{
    struct nt_view *view;
    uint64_t teb[NT_TEB_USED / 8] = {0}, base = 0;
    nt_status status =
        nt_view_create(p, &base, NT_TEB_SIZE, 0x7ff00000ull, 0, 0, false, NT_MEM_PRIVATE,
                       NT_PAGE_READWRITE, NT_PG_READ | NT_PG_WRITE | NT_PG_COMMITTED,
                       &zero_backing, &view);

    if (NT_FAILED(status))
        return status;
    view->system = true;
    t->teb = base;
    teb[NT_TEB_EXCEPTION_LIST / 8] = UINT64_MAX;
    teb[NT_TEB_STACK_BASE / 8] = t->stack_base;
    teb[NT_TEB_STACK_LIMIT / 8] = t->stack_allocation + 3 * NT_PAGE;
    teb[NT_TEB_SELF / 8] = base;
    teb[NT_TEB_CLIENT_ID / 8] = p->pid;
    teb[NT_TEB_CLIENT_ID / 8 + 1] = t->tid;
    teb[NT_TEB_PEB / 8] = p->peb;
    teb[0x2c8 / 8] = base + 0x290; /* ActivationContextStack; its FrameListCache is an empty list */
    teb[0x298 / 8] = teb[0x2a0 / 8] = base + 0x298;
    teb[0x7d8 / 8] = p->pid;
    teb[0x7e0 / 8] = t->tid;
    teb[NT_TEB_STATIC_STRING / 8] = (uint64_t)522 << 16;
    teb[NT_TEB_STATIC_STRING / 8 + 1] = base + NT_TEB_STATIC_BUFFER;
    teb[NT_TEB_DEALLOCATION_STACK / 8] = t->stack_allocation;
    status = nt_status_from(world_memory_fill(p->world, base, teb, sizeof teb));
    world_memory_populate(p->world, base, NT_TEB_SIZE);
    return status;
}

static nt_status make_stack(struct nt_process *p, struct nt_thread *t, uint64_t reserve)
{
    struct nt_view *view;
    uint64_t base = 0;
    nt_status status;

    if (!reserve)
        reserve = p->stack_reserve;
    if (reserve < 0x100000)
        reserve = 0x100000;
    if (reserve > 1ull << 36)
        return NT_NO_MEMORY;
    /* ntdll clears 0xf0000 bytes below its CONTEXT before it calls the thread's function. */
    reserve = (reserve + 0x20000 + NT_GRANULARITY - 1) & ~(NT_GRANULARITY - 1);
    status = nt_view_create(p, &base, reserve, 0, 0, 0, false, NT_MEM_PRIVATE, NT_PAGE_READWRITE,
                            NT_PG_READ | NT_PG_WRITE | NT_PG_COMMITTED, &zero_backing, &view);
    if (NT_FAILED(status))
        return status;
    view->system = true;
    t->stack_allocation = base;
    t->stack_base = base + reserve;
    status = nt_view_protect(p, view, base, NT_PAGE, NT_PG_COMMITTED);
    if (!NT_FAILED(status))
        status = nt_view_protect(p, view, base + NT_PAGE, 2 * NT_PAGE,
                                 NT_PG_READ | NT_PG_WRITE | NT_PG_GUARD | NT_PG_COMMITTED);
    t->stack_low = t->stack_base - STACK_USED;
    if (!NT_FAILED(status))
        world_memory_populate(p->world, t->stack_low, STACK_USED);
    return status;
}

/* A TEB stays where its thread was ended by another: ntdll.dll has it in a list (TlsLinks), out of which
 * threads take themselves. */
static void release_memory(struct nt_process *p, struct nt_thread *t)
{
    struct nt_view *view;

    if (t->teb && !t->ended_by_force && (view = nt_view_find(p, t->teb)))
        nt_view_destroy(p, view);
    if (t->stack_allocation && (view = nt_view_find(p, t->stack_allocation)))
        nt_view_destroy(p, view);
}

/* The CONTEXT with which LdrInitializeThunk will continue lies on the new stack. */
static nt_status first_state(struct nt_process *p, struct nt_thread *t, uint64_t entry,
                             uint64_t argument, struct jn_state *state)
{
    struct nt_context context;
    uint64_t place = ((t->stack_base - 0x28) & ~15ull) - sizeof context;
    uint32_t mxcsr = 0x1f80;
    uint16_t control = 0x27f;

    memset(&context, 0, sizeof context);
    context.flags = NT_CONTEXT_FULL;
    context.rip = p->entry_start;
    context.rcx = entry;
    context.rdx = argument;
    context.rsp = t->stack_base - 0x28;
    context.eflags = 0x200;
    context.cs = 0x33;
    context.ss = context.ds = context.es = context.gs = 0x2b;
    context.fs = 0x53;
    context.mxcsr = mxcsr;
    context.fp.control = control;
    context.fp.mxcsr = mxcsr;
    memset(state, 0, sizeof *state);
    state->rip = p->entry_thunk;
    state->r[JN_REG_RCX] = place;
    state->r[JN_REG_RSP] = place - 8;
    state->rflags = 0x202;
    state->gs_base = t->teb;
    memcpy(state->xsave, &control, 2);
    memcpy(state->xsave + 24, &mxcsr, 4);
    uint64_t present = 3;
    memcpy(state->xsave + 512, &present, 8);
    state->valid = JN_STATE_REGS | JN_STATE_BASES | JN_STATE_XSAVE;
    state->xsave_size = 832;
    return nt_process_write(p, place, &context, sizeof context);
}

nt_status nt_thread_create(struct nt_process *p, uint64_t entry, uint64_t argument,
                           uint64_t stack_reserve, uint64_t stack_commit, bool suspended,
                           struct nt_thread **result)
{
    struct nt_thread *t = calloc(1, sizeof *t);
    struct jn_state state;
    nt_status status;

    (void)stack_commit; /* stacks are committed as a whole */
    if (!t)
        return NT_NO_MEMORY;
    t->process = p;
    t->entry = entry;
    t->affinity = p->affinity;
    t->alert_word = &t->own_alert_word;
    nt_list_init(&t->link);
    nt_list_init(&t->ready_link);
    nt_list_init(&t->deadline_link);
    nt_list_init(&t->apcs);
    nt_list_init(&t->mutants);
    nt_list_init(&t->keyed_link);
    nt_list_init(&t->watchers);
    status = nt_status_from(world_thread_id(p->world, &t->tid));
    if (!NT_FAILED(status))
        status = make_stack(p, t, stack_reserve);
    if (!NT_FAILED(status))
        status = make_teb(p, t);
    if (!NT_FAILED(status))
        status = first_state(p, t, entry, argument, &state);
    t->object = NT_FAILED(status)
                    ? NULL
                    : nt_object_create(p, NT_TYPE_THREAD, sizeof(struct nt_thread_object));
    if (!NT_FAILED(status) && !t->object)
        status = NT_NO_MEMORY;
    if (!NT_FAILED(status)) {
        nt_list_init(&t->object->watch_link);
        t->object->thread = t;
        t->object->pid = p->pid;
        t->object->tid = t->tid;
        t->cookie = cookie_give(t);
        status = t->cookie ? nt_status_from(world_thread_create(p->world, t->cookie, t->tid, &state,
                                                                &t->world))
                           : NT_NO_MEMORY;
        if (!NT_FAILED(status) && t->affinity != world_cpus())
            (void)nt_thread_bind(t, t->affinity);
    }
    if (!NT_FAILED(status))
        world_thread_number(t->world, t->tid);
    if (NT_FAILED(status)) {
        cookie_take(t->cookie);
        release_memory(p, t);
        if (t->object)
            nt_object_release(&t->object->object);
        if (t->tid)
            world_thread_id_free(p->world, t->tid);
        free(t);
        return status;
    }
    nt_list_append(&p->threads, &t->link);
    p->thread_count++;
    if (suspended) {
        t->suspend_count = 1;
        t->frozen = true; /* not started: thaw starts it */
    } else {
        status = nt_status_from(world_thread_start(t->world));
    }
    *result = t;
    return status;
}

nt_status nt_thread_bind(struct nt_thread *t, uint64_t mask)
{
    nt_status status = nt_status_from(world_thread_set_cpus(t->world, mask));
    if (!NT_FAILED(status))
        t->affinity = mask;
    return status;
}

void nt_thread_keep_state(struct nt_thread *t, const struct jn_state *state)
{
    if (!t->saved_state)
        t->saved_state = malloc(sizeof *t->saved_state);
    if (!t->saved_state)
        return;
    *t->saved_state = *state;
    t->state_pending = true;
    if (!t->held && !t->call.active)
        t->answer_pending = true;
}

void nt_thread_finish(struct nt_thread *t, uint64_t result)
{
    bool fault = t->stop == NT_STOP_FAULT;

    t->call.active = false;
    if (t->suspend_count) {
        t->answer_pending = true;
        t->answer = result;
        return;
    }
    t->stop = NT_STOP_NONE;
    t->answer_pending = false;
    if (t->state_pending) {
        t->state_pending = false;
        world_thread_resume_with(t->world, t->saved_state);
    } else if (fault) {
        world_thread_resume(t->world);
    } else {
        world_thread_answer(t->world, result);
    }
}

void nt_thread_suspend(struct nt_thread *t)
{
    if (!t->suspend_count++ && t->stop == NT_STOP_NONE) {
        world_thread_freeze(t->world);
        t->frozen = true;
    }
}

void nt_thread_resume(struct nt_thread *t)
{
    if (!t->suspend_count || --t->suspend_count)
        return;
    if (t->frozen) {
        t->frozen = false;
        world_thread_thaw(t->world);
    }
    if (t->answer_pending)
        nt_thread_finish(t, t->answer);
}

/* Frees what the core holds; the world's thread is gone. */
static void thread_free(struct nt_thread *t)
{
    extern void nt_timer_thread_gone(struct nt_thread *);

    nt_thread_unhold(t);
    nt_remote_drop(t);
    nt_watchers_tell(t, t->object->exit_code);
    free(t->remote_parcel);
    nt_timer_thread_gone(t);
    nt_async_thread_gone(t);
    nt_list_remove(&t->link);
    cookie_take(t->cookie);
    while (!nt_list_empty(&t->apcs)) {
        struct nt_apc *apc = nt_container(t->apcs.next, struct nt_apc, link);
        nt_list_remove(&apc->link);
        free(apc);
    }
    t->object->thread = NULL;
    nt_object_release(&t->object->object);
    free(t->name);
    free(t->saved_state);
    free(t->crash);
    free(t);
}

void nt_thread_end(struct nt_thread *t, uint32_t code)
{
    struct nt_process *p = t->process;

    if (p->thread_count == 1) {
        nt_process_end(p, code);
        return;
    }
    nt_thread_unhold(t);
    nt_mutant_abandon_all(t);
    t->object->ended = true;
    t->object->exit_code = code;
    nt_object_wake(&t->object->object);
    world_thread_destroy(t->world);
    p->thread_count--;
    release_memory(p, t);
    world_thread_id_free(p->world, t->tid);
    thread_free(t);
}

/* All threads of a process that has ended. */
void nt_threads_drop(struct nt_process *p)
{
    while (!nt_list_empty(&p->threads)) {
        struct nt_thread *t = nt_container(p->threads.next, struct nt_thread, link);
        nt_mutant_abandon_all(t);
        t->object->ended = true;
        t->object->exit_code = p->exit_code;
        nt_object_wake(&t->object->object);
        t->armed = false;
        thread_free(t);
    }
    p->thread_count = 0;
}

/* ---- services ---- */
nt_status NtTerminateThread(struct nt_thread *t, const uint64_t *a)
{
    struct nt_thread_object *object;
    nt_status status;

    if (!a[0])
        object = t->object;
    else {
        status = nt_handle_object(t, a[0], NT_TYPE_THREAD, 1, &object);
        if (NT_FAILED(status))
            return status;
    }
    if (!object->thread)
        return object->ended ? NT_SUCCESS : NT_ACCESS_DENIED;
    bool own = object->thread == t || object->thread->process->thread_count == 1;
    bool self = object->thread->process == t->process && own;
    object->thread->ended_by_force = object->thread != t;
    nt_thread_end(object->thread, (uint32_t)a[1]);
    return self ? NT_STATE : NT_SUCCESS;
}

static nt_status target_of(struct nt_thread *t, uint64_t handle, struct nt_thread_object **object)
{
    nt_status status = nt_handle_object(t, handle, NT_TYPE_THREAD, 2, object);

    if (NT_FAILED(status))
        return status;
    if (!(*object)->thread && !(*object)->foreign)
        return NT_THREAD_IS_TERMINATING;
    return NT_SUCCESS;
}

nt_status NtSuspendThread(struct nt_thread *t, const uint64_t *a)
{
    struct nt_thread_object *object;
    nt_status status = target_of(t, a[0], &object);

    if (NT_FAILED(status))
        return status;
    if (!object->thread)
        return NT_ACCESS_DENIED;
    if (object->thread->suspend_count >= 127)
        return NT_SUSPEND_COUNT_EXCEEDED;
    if (a[1] && NT_FAILED(nt_write_u32(t, a[1], object->thread->suspend_count)))
        return NT_ACCESS_VIOLATION;
    nt_thread_suspend(object->thread);
    return NT_SUCCESS;
}

nt_status NtResumeThread(struct nt_thread *t, const uint64_t *a)
{
    struct nt_thread_object *object;
    uint32_t count = 1;
    nt_status status = target_of(t, a[0], &object);

    if (NT_FAILED(status))
        return status;
    if (object->thread) {
        count = object->thread->suspend_count;
        nt_thread_resume(object->thread);
    } else {
        status = nt_status_from(world_process_resume(t->process->world, object->pid));
        if (NT_FAILED(status))
            return status;
    }
    return a[1] ? nt_write_u32(t, a[1], count) : NT_SUCCESS;
}

nt_status NtAlertResumeThread(struct nt_thread *t, const uint64_t *a)
{
    struct nt_thread_object *object;
    nt_status status = target_of(t, a[0], &object);

    if (NT_FAILED(status))
        return status;
    if (object->thread) {
        object->thread->alert = true;
        nt_thread_wake(object->thread);
    }
    return NtResumeThread(t, a);
}
