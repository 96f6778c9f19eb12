// What Swift's Glibc module leaves out: readiness, wake-ups, accept with flags, and how memory goes back.
#ifndef DARKROOM_EPOLL_H
#define DARKROOM_EPOLL_H

#include <malloc.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

// glibc declares it under _GNU_SOURCE only, which Swift's importer does not define.
int accept4(int, struct sockaddr *, socklen_t *, int);

#endif
