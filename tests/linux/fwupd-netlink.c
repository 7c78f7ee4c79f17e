/*
 * Lets fwupd 2.0 run on libusb before 1.0.27, which is what Debian 12 has: fwupd issue 8083. libusb
 * listens for uevents on a netlink socket that the kernel names after the process, and fwupd then
 * wants that very name for its own socket. Preloaded, this leaves the choice of the name to the kernel
 * when the one asked for is taken.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>

typedef int bind_function(int, const struct sockaddr *, socklen_t);

int bind(int socket, const struct sockaddr *address, socklen_t length)
{
    bind_function *const real = (bind_function *)dlsym(RTLD_NEXT, "bind");
    struct sockaddr_nl any_name;
    int result = real(socket, address, length);

    if (result == 0 || errno != EADDRINUSE || address->sa_family != AF_NETLINK || length != sizeof any_name)
        return result;
    memcpy(&any_name, address, sizeof any_name);
    any_name.nl_pid = 0;
    return real(socket, (const struct sockaddr *)&any_name, sizeof any_name);
}
