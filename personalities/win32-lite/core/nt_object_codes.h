/* The kinds, flags and operations of servers/object that the core names (idl/object.idl; the
 * server's world asserts that they are equal). */
#ifndef NT_OBJECT_CODES_H
#define NT_OBJECT_CODES_H

enum {
    OBJECT_EVENT = 1,
    OBJECT_SEMAPHORE = 2,
    OBJECT_MUTEX = 3,
    OBJECT_TIMER = 4,
    OBJECT_COMPLETION = 10,
    OBJECT_OPEN_EXISTING = 1,
    OBJECT_MUST_EXIST = 2,
    OBJECT_MANUAL = 4,
    OBJECT_RESET = 0,
    OBJECT_SET = 1,
    OBJECT_PULSE = 2,
    OBJECT_RELEASE = 0,
    OBJECT_ABANDON = 3, /* number 0: every mutex that the thread `tid` owns */
};

#endif
