/* The world of the POSIX core on the host: fake backends, driven and inspected by the tests.
 *
 * User memory is one flat buffer at FAKE_BASE that all address spaces share (tests use it from one
 * process at a time); files are named blobs, pipes real queues with arming, processes a table. What a
 * ring would carry goes into an event list, which fake_pump hands to the core. */
#ifndef FAKE_H
#define FAKE_H

#include "core.h"

#define FAKE_BASE 0x100000ull
#define FAKE_SIZE 0x80000ull

extern uint8_t fake_memory[FAKE_SIZE];
extern uint64_t fake_now; /* monotonic ns */

enum fake_answer { FAKE_NONE, FAKE_VALUE, FAKE_RESUME, FAKE_RESTART, FAKE_STATE };
/* The last answer that a thread got. */
struct fake_thread {
    cap_t cap;
    uint64_t label;
    enum fake_answer answer;
    uint64_t value;
    bool started, dead, attention, held, in_call;
    struct jn_state state;
    uint64_t number, args[6];
};
struct fake_thread *fake_thread(cap_t cap);
struct fake_thread *fake_thread_of(const struct thread *thread);

/* A process with one running thread and memory, as if it had been taken over. */
struct process *fake_process(struct thread **thread);
/* Sends a system call; true: it was answered (fake_thread.answer), false: it waits or is gone. */
bool fake_call(struct thread *thread, uint64_t number, uint64_t a0, uint64_t a1, uint64_t a2,
               uint64_t a3, uint64_t a4, uint64_t a5);
/* The value of a call that must be answered with one. */
long fake_value(struct thread *thread, uint64_t number, uint64_t a0, uint64_t a1, uint64_t a2,
                uint64_t a3);
/* Executes what RESTART and STATE with rip at the syscall instruction mean: the call again. */
bool fake_again(struct thread *thread);
/* Delivers events, timers up to fake_now, and runs what woke. */
void fake_pump(void);
/* Puts a string or bytes into user memory at FAKE_BASE + offset. */
uint64_t fake_put(uint64_t offset, const void *data, size_t length);
uint64_t fake_string(uint64_t offset, const char *text);
void *fake_user(uint64_t address);
/* Of [address, +length): the bytes from the first that are there. */
size_t fake_accessible(uint64_t address, size_t length);
/* Requests to take armings back; armings of the pipe of an open. */
extern uint64_t fake_disarms;
uint32_t fake_armed(uint64_t open);
/* Makes a file. */
void fake_file(const char *path, const void *data, size_t length, uint32_t mode);
/* A process-directed signal from outside. */
void fake_signal(struct process *process, uint32_t number);
/* A child ends. */
void fake_child_exit(struct process *parent, uint64_t pid, uint32_t code);
extern uint64_t fake_stops, fake_continues, fake_exit_code;
extern bool fake_exited;

#endif
