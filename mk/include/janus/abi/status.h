/* The one status type of Janus: 0 or a negative code, each with the sentence that explains it.
 *
 * X(name, value, sentence). Kernel, servers and stubs share the table; lib/ turns it into errno and
 * NTSTATUS (both tables are total). Codes are ABI: they are added at the end and never renumbered.
 */
#ifndef JANUS_ABI_STATUS_H
#define JANUS_ABI_STATUS_H

#define JN_STATUS_TABLE(X)                                                                        \
    X(JN_OK, 0, "done")                                                                           \
    /* capabilities and kernel objects */                                                         \
    X(JN_BAD_CAP, -1, "no capability of the needed type stands at that handle")                   \
    X(JN_NO_RIGHT, -2, "the capability lacks a right that the operation needs")                   \
    X(JN_BAD_ARG, -3, "an argument is outside its documented range")                              \
    X(JN_BAD_CALL, -4, "unknown system call, operation or method")                                \
    X(JN_NO_MEMORY, -5, "the account that pays is exhausted")                                     \
    X(JN_BUSY, -6, "the object is in a state that excludes the operation")                        \
    X(JN_EXISTS, -7, "the name, slot or identifier is taken")                                     \
    X(JN_NOT_FOUND, -8, "nothing has that name or identifier")                                    \
    X(JN_RETRY, -9, "a revocation is under way there; try again")                                 \
    X(JN_DEAD, -10, "the object was destroyed")                                                   \
    /* IPC */                                                                                     \
    X(JN_TIMEOUT, -11, "the deadline passed")                                                     \
    X(JN_CANCELLED, -12, "the operation was cancelled before it had an effect")                   \
    X(JN_AGAIN, -13, "the server was restarted while it served the call; repeat it if it may be") \
    X(JN_NO_REPLY, -14, "no caller waits for this answer")                                        \
    X(JN_FAULT, -15, "a copy met an address that is not mapped or not permitted")                 \
    X(JN_WINDOW, -16, "the caller offered no such window, or a receive window was missed")        \
    X(JN_TRUNCATED, -17, "the message or result is larger than what the receiver offered")        \
    X(JN_BAD_MESSAGE, -18, "the message does not follow its interface definition")                \
    /* servers */                                                                                 \
    X(JN_WOULD_BLOCK, -19, "it cannot proceed now; the waiter was armed if it gave a cookie")     \
    X(JN_INTERRUPTED, -20, "a signal or alert ended the wait")                                    \
    X(JN_NOT_PERMITTED, -21, "the client's credentials do not allow it")                          \
    X(JN_ACCESS, -22, "the permission bits of the file forbid it")                                \
    X(JN_NOT_DIRECTORY, -23, "a component of the path is not a directory")                        \
    X(JN_IS_DIRECTORY, -24, "the object is a directory")                                          \
    X(JN_NOT_EMPTY, -25, "the directory is not empty")                                            \
    X(JN_NAME_TOO_LONG, -26, "a name or path exceeds its limit")                                  \
    X(JN_LOOP, -27, "too many symbolic links, or a directory would contain itself")               \
    X(JN_CROSS_DEVICE, -28, "the two names are on different file systems")                        \
    X(JN_READ_ONLY, -29, "the file system is read-only")                                          \
    X(JN_NO_SPACE, -30, "the file system or device is full")                                      \
    X(JN_TOO_BIG, -31, "the size exceeds a limit of the object")                                  \
    X(JN_BROKEN_PIPE, -32, "no reader is left")                                                   \
    X(JN_NOT_SEEKABLE, -33, "the object has no position")                                         \
    X(JN_NOT_TERMINAL, -34, "the object does not understand the control operation")               \
    X(JN_NOT_SUPPORTED, -35, "the object does not offer the operation")                           \
    X(JN_BAD_HANDLE, -36, "the client has no open object of that number")                         \
    X(JN_TOO_MANY, -37, "a per-client limit on objects is reached")                               \
    X(JN_NO_PROCESS, -38, "no such process, group or session")                                    \
    X(JN_NO_CHILD, -39, "no child matches")                                                       \
    X(JN_NOT_EXECUTABLE, -40, "the file is not a program that a personality starts")              \
    X(JN_BAD_IMAGE, -41, "the program file is corrupt or for another machine")                    \
    X(JN_TEXT_BUSY, -42, "the file is being executed or shared incompatibly")                     \
    X(JN_SHARING, -43, "another open denies the requested sharing")                               \
    X(JN_LOCKED, -44, "a byte range is locked by another owner")                                  \
    X(JN_DEADLOCK, -45, "waiting would never end")                                                \
    X(JN_BACKGROUND, -46, "a background process group may not use the terminal so")               \
    X(JN_HANGUP, -47, "the terminal or peer is gone")                                             \
    X(JN_NO_DEVICE, -48, "no such device")                                                        \
    X(JN_IO, -49, "the device or its data is faulty")                                             \
    X(JN_QUOTA, -50, "the client's quota is used up")                                             \
    X(JN_RANGE, -51, "the result does not fit")                                                   \
    X(JN_DELETE_PENDING, -52, "the file is being deleted")                                        \
    X(JN_NO_SERVICE, -53, "the server or personality is not in this boot")                        \
    X(JN_ABANDONED, -54, "the owner ended while it held the object")                              \
    X(JN_NOT_OWNER, -55, "the caller does not own the object")                                    \
    X(JN_OVERFLOW, -56, "a counter or limit of the object would overflow")                        \
    X(JN_END_OF_FILE, -57, "there is nothing after this position")                                \
    X(JN_REDIRECT, -58, "another server holds the object; the answer says which")                 \
    X(JN_FAULT_AT, -59, "resolve the stated fault of the caller, then repeat the call")

enum jn_status_code {
#define X(name, value, sentence) name = (value),
    JN_STATUS_TABLE(X)
#undef X
        JN_STATUS_LAST = -59,
};

#endif
