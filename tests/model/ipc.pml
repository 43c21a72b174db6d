/* The kernel's protocol between two CPUs: fast IPC without a lock, the lock, parked CPUs, the mailbox,
 * interrupts from CPU to CPU, quiescence and shoot-downs. README.md says which line is which code.
 *
 * CPU 1 has a server S that waits on a gate, and a client L that calls it on the fast path. CPU 0 has
 * a client R that calls the same gate from there, and D, which may destroy the gate at any moment, and
 * take a page away that CPU 1 uses. Checked: no CPU touches what another's fast path is using; no
 * gate and no page is used after it was freed; when nothing can happen any more, everybody has ended
 * (no deadlock, no lost wake-up). Each -DBREAK_... leaves out one step: the check must then fail.
 */
#ifndef ROUNDS
#define ROUNDS 2
#endif

#define S 0
#define L 1
#define R 2
#define D 3
#define NOBODY 4
#define HOME(thread) ((thread) == S || (thread) == L -> 1 : 0)

mtype = { NOT_PARKED, WAITING, IDLE };           /* cpu->parked */
mtype = { RUN, RECV, SEND, REPLY, ENDED };       /* thread->state */

bit lock;
mtype parked[2] = NOT_PARKED;
bit asked[2];           /* to forget translations */
bit interrupt[2];       /* pending */
bit kicks[2];           /* to be interrupted when the lock is released */
byte epoch = 1, seen[2];

mtype state[4] = RUN;
byte current[2] = NOBODY;
byte rounds[4];
bit first_wait = 1;     /* S has not waited yet */

bit slot[3] = 1;        /* the capabilities of S, L and R: 0 = killed */
bit queued[3];          /* in the gate's caller queue on CPU 1 */
byte caller = NOBODY;   /* of S */
bit posted;             /* the gate's part stands in CPU 1's mailbox */
bit gate_freed;
bit in_fast_path;       /* CPU 1 is between entry and exit of a fast path */

bit mapped = 1, cached, page_freed;

#define EVERYBODY_DONE                                                                            \
    (state[L] == ENDED && state[R] == ENDED && state[D] == ENDED &&                               \
     (state[S] == ENDED || (state[S] == RECV && !gate_freed && !queued[L] && !queued[R])))

/* ---- the lock: smp.c ---- */

inline serve_asked(me)
{
    d_step {
        if
        :: asked[me] -> cached = (me == 1 -> 0 : cached); asked[me] = 0
        :: else
        fi
    }
}

inline take_lock(me)
{
    atomic {
        if
        :: lock == 0 -> lock = 1; got = 1
        :: else -> got = 0
        fi
    }
    if
    :: got
    :: else ->
        parked[me] = WAITING;
        do
        :: asked[me] -> serve_asked(me)
        :: atomic { lock == 0 -> lock = 1; break }
        od
    fi;
#ifndef BREAK_ASKED
    serve_asked(me);
#else
    skip;
#endif
    d_step { seen[me] = epoch; parked[me] = NOT_PARKED }
}

inline release_lock(me, how)
{
    d_step {
        got = kicks[1 - me] && parked[1 - me] != WAITING;
        kicks[1 - me] = 0
    }
    parked[me] = how;
    lock = 0;
    if
    :: got -> interrupt[1 - me] = 1
    :: else
    fi
}

#define IS_HELD(me, cpu) ((cpu) == (me) || parked[cpu] != NOT_PARKED)

inline hold(me, cpu)
{
    if
    :: IS_HELD(me, cpu)
    :: else ->
        interrupt[cpu] = 1;
        IS_HELD(me, cpu)
    fi
}

/* ---- what runs under the lock ---- */

inline make_ready(me, thread)
{
    state[thread] = RUN;
#ifndef BREAK_KICK
    if
    :: HOME(thread) != me -> kicks[HOME(thread)] = 1
    :: else
    fi
#endif
}

/* gate_serve(): callers that are queued meet the server if it waits. */
inline serve_gate(me)
{
    d_step {
        assert(me == 1 || !in_fast_path);
        assert(!gate_freed);
        if
        :: state[S] == RECV && queued[L] ->
            queued[L] = 0; state[L] = REPLY; caller = L; make_ready(me, S)
        :: state[S] == RECV && queued[R] && !queued[L] ->
            queued[R] = 0; state[R] = REPLY; caller = R; make_ready(me, S)
        :: else
        fi
    }
}

/* A slow call of `thread`, which runs on `me`. */
inline slow_call(me, thread)
{
    if
    :: !slot[thread] -> state[thread] = ENDED
    :: else ->
        held = IS_HELD(me, 1);
        if
        :: held && state[S] == RECV ->
            assert(me == 1 || !in_fast_path);
            d_step { state[thread] = REPLY; caller = thread; make_ready(me, S) }
        :: else ->
            d_step { queued[thread] = 1; state[thread] = SEND };
            /* CPU 1 may have parked since, with a receiver that came meanwhile. */
            if
#ifndef BREAK_SECOND_LOOK
            :: IS_HELD(me, 1) -> serve_gate(me)
#else
            :: IS_HELD(me, 1)
#endif
            :: else -> d_step {
#ifndef BREAK_POST
                posted = 1;
#endif
                kicks[1] = 1 }
            fi
        fi
    fi;
    current[me] = NOBODY
}

/* S answers, if it has a caller, and waits again. */
inline slow_reply_wait()
{
    d_step {
        if
        :: caller != NOBODY -> make_ready(1, caller); caller = NOBODY
        :: else
        fi;
        first_wait = 0;
        if
        :: !slot[S] -> state[S] = ENDED
        :: else -> state[S] = RECV
        fi;
        current[1] = NOBODY
    };
    if
    :: state[S] == RECV -> serve_gate(1)
    :: else
    fi
}

/* The gate's end: whoever waits at it is told. */
inline destroy_gate()
{
    d_step { slot[S] = 0; slot[L] = 0; slot[R] = 0; epoch++ };
#ifndef BREAK_QUIESCE
    if
    :: seen[1] < epoch -> hold(0, 1)
    :: else
    fi;
#endif
    d_step {
        assert(!in_fast_path);
        posted = 0;
        gate_freed = 1;
        if :: state[S] == RECV -> make_ready(0, S) :: else fi;
        if :: queued[L] -> queued[L] = 0; make_ready(0, L) :: else fi;
        if :: queued[R] -> queued[R] = 0; make_ready(0, R) :: else fi
    }
}

/* A page goes from the space that CPU 1 has loaded: cpu_shoot_down(), waiting or not. */
inline unmap_page()
{
    mapped = 0;
#ifndef BREAK_SHOOT_DOWN
    hold(0, 1);
    asked[1] = 1;
    if
    :: true
    :: true ->
        if
        :: parked[1] == IDLE -> interrupt[1] = 1
        :: else
        fi;
        asked[1] == 0
    fi;
#endif
    page_freed = 1
}

/* kernel_leave(): the mailbox, then whoever is ready, or idle. */
inline leave(me)
{
    if
    :: me == 1 && posted -> posted = 0; serve_gate(1)
    :: else
    fi;
    current[me] = NOBODY;
    if
    :: me == 1 && state[S] == RUN -> current[me] = S
    :: me == 1 && state[L] == RUN -> current[me] = L
    :: me == 0 && state[R] == RUN -> current[me] = R
    :: me == 0 && state[D] == RUN -> current[me] = D
    :: else
    fi;
    if
    :: current[me] == NOBODY -> release_lock(me, IDLE)
    :: else -> release_lock(me, NOT_PARKED)
    fi
}

/* ---- fast paths of CPU 1: entry.asm; interrupts are off, nothing is locked ---- */

inline fast_call()
{
    in_fast_path = 1;
    if
    :: slot[L] ->
        assert(!gate_freed);
        if
        :: state[S] == RECV ->
            assert(!gate_freed);
            d_step { state[S] = RUN; state[L] = REPLY; caller = L; current[1] = S };
            done = 1
        :: else
        fi
    :: else
    fi;
    in_fast_path = 0
}

inline fast_reply_wait()
{
    in_fast_path = 1;
    if
    :: slot[S] && caller == L ->
        assert(!gate_freed);
        if
        :: !queued[L] && !queued[R] ->      /* part->pending */
            assert(!gate_freed);
            d_step { state[S] = RECV; state[L] = RUN; caller = NOBODY; current[1] = L };
            done = 1
        :: else
        fi
    :: else
    fi;
    in_fast_path = 0
}

/* ---- the CPUs ---- */

proctype Cpu(byte me)
{
    bit got, done, held;

    take_lock(me);
    leave(me);
    do
    /* an interrupt, in user mode or idle */
    :: interrupt[me] ->
        interrupt[me] = 0;
        take_lock(me);
        leave(me)

    :: current[me] == L ->
        done = 0;
        if
        :: rounds[L] == ROUNDS -> take_lock(me); state[L] = ENDED; leave(me); done = 1
        :: else -> rounds[L]++; fast_call()
        fi;
        if
        :: !done -> take_lock(me); slow_call(me, L); leave(me)
        :: else
        fi

    :: current[me] == S ->
        done = 0;
        if
        :: !first_wait -> fast_reply_wait()
        :: else
        fi;
        if
        :: !done -> take_lock(me); slow_reply_wait(); leave(me)
        :: else
        fi

    /* CPU 1's threads use a page. */
    :: me == 1 && current[me] != NOBODY && !page_freed && (cached || mapped) ->
        d_step {
            if
            :: cached -> assert(!page_freed)
            :: else -> cached = mapped
            fi
        }
    :: me == 1 && current[me] != NOBODY && cached && page_freed -> assert(false)

    :: current[me] == R ->
        take_lock(me);
        if
        :: rounds[R] == ROUNDS -> state[R] = ENDED; current[me] = NOBODY
        :: else -> rounds[R]++; slow_call(me, R)
        fi;
        leave(me)

    :: current[me] == D ->
        take_lock(me);
        if
        :: unmap_page()
        :: true
        fi;
        if
        :: destroy_gate()
        :: true                             /* the server waits to the end */
        fi;
        state[D] = ENDED;
        leave(me)

    /* hlt */
    :: current[me] == NOBODY && EVERYBODY_DONE && !interrupt[me] -> break
    od
}

init
{
    atomic { run Cpu(0); run Cpu(1) };
    (_nr_pr == 1) || timeout -> assert(EVERYBODY_DONE)
}
