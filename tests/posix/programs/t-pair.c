/* send(2) and recv(2) on a socketpair: their flags are for the one transfer. */
#include "t.h"
#include <sys/socket.h>

static void heard(int number)
{
    write(1, "SIGPIPE\n", 8);
}

int main(void)
{
    static char block[4096];
    int pair[2];
    signal(SIGPIPE, heard);
    SAY(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    SAY(recv(pair[0], block, 10, MSG_DONTWAIT));
    SAY(send(pair[1], "hello", 5, MSG_DONTWAIT));
    SAY(recv(pair[0], block, 10, MSG_DONTWAIT));
    SAY(fcntl(pair[0], F_GETFL) & O_NONBLOCK);
    while (send(pair[0], block, sizeof block, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
        ;
    printf("full %d\n", errno == EAGAIN);
    struct iovec part = {block, 100};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    SAY(sendmsg(pair[0], &message, MSG_DONTWAIT));
    SAY(recvmsg(pair[0], &message, MSG_DONTWAIT));
    SAY(recvmsg(pair[1], &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC));
    close(pair[1]);
    SAY(send(pair[0], "x", 1, MSG_NOSIGNAL));
    SAY(send(pair[0], "x", 1, 0));
    SAY(sendmsg(pair[0], &message, MSG_NOSIGNAL | MSG_DONTWAIT));
    SAY(write(pair[0], "x", 1));
    return 0;
}
