# send(2) and recv(2) on a socketpair: MSG_DONTWAIT and MSG_NOSIGNAL. Oracle: Linux.
t-pair
