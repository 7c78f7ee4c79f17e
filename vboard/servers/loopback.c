/* See loopback.h. */
#include "loopback.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WAITING_CLIENTS = 8 };

static int listen_on(unsigned port)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener < 0)
        return -1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) == 0 &&
        listen(listener, WAITING_CLIENTS) == 0)
        return listener;
    int reason = errno;
    close(listener);
    errno = reason;
    return -1;
}

int loopback_listen(unsigned port, char *error, size_t error_size)
{
    int listener = listen_on(port);
    if (listener < 0)
        snprintf(error, error_size, "port %u on 127.0.0.1 %s%s", port,
                 errno == EADDRINUSE ? "is in use" : "cannot be listened on: ",
                 errno == EADDRINUSE ? "" : strerror(errno));
    return listener;
}

unsigned loopback_port(int listener)
{
    struct sockaddr_in address = {0};
    socklen_t length = sizeof address;
    getsockname(listener, (struct sockaddr *)&address, &length);
    return ntohs(address.sin_port);
}

int loopback_accept(int listener)
{
    int one = 1, client = accept(listener, NULL, NULL);
    if (client < 0)
        return -1;
    fcntl(client, F_SETFL, fcntl(client, F_GETFL) | O_NONBLOCK);
    fcntl(client, F_SETFD, FD_CLOEXEC);
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return client;
}
