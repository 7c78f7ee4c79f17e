/* The command `vboard`: virtual boards, for people and for real USB hosts. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/version.h"
#include "session.h"

static volatile sig_atomic_t end_requested;

static void request_end(int number)
{
    (void)number;
    end_requested = true;
}

/*
 * No SA_RESTART: whatever waits is to return. A reader of our output that goes away ends us by a write error.
 */
static void catch_signals(void)
{
    struct sigaction end = {.sa_handler = request_end}, ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGINT, &end, NULL);
    sigaction(SIGTERM, &end, NULL);
    sigaction(SIGHUP, &end, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
}

static int complain(const char *text)
{
    fprintf(stderr, "vboard: %s\n", text);
    return EXIT_USAGE;
}

static int run(int argc, char **argv)
{
    static struct session session;
    struct options options;
    char error[SLOT_ERROR];
    int status = EXIT_USAGE;
    switch (options_parse(&options, argc, argv)) {
    case OPTIONS_HELP: options_print_help(); return EXIT_ENDED;
    case OPTIONS_WRONG: return EXIT_USAGE;
    case OPTIONS_RUN: break;
    }
    catch_signals();
    bool open = session_open(&session, &options, error);
    if (open)
        status = session_run(&session, &end_requested);
    else
        complain(error);
    if (!session_close(&session, open, error) && open)
        return complain(error);
    return status;
}

static void print_help(void)
{
    fputs("Usage: vboard run FIRMWARE [OPTIONS]   run a firmware image on a virtual board\n"
          "       vboard run --help               all options\n"
          "       vboard boards                   the boards there are\n"
          "       vboard --version\n",
          stdout);
}

/* Most likely a person who forgot the word `run`. */
static int unknown(const char *command)
{
    if (access(command, R_OK) == 0)
        fprintf(stderr, "vboard: to run it: vboard run %s\n", command);
    else
        fprintf(stderr, "vboard: the first word is a command, run or boards, not '%s' (vboard --help)\n",
                command);
    return EXIT_USAGE;
}

static int obey(int argc, char **argv)
{
    const char *command = argc > 1 ? argv[1] : "help";
    if (strcmp(command, "run") == 0)
        return run(argc - 1, argv + 1);
    if (strcmp(command, "boards") == 0)
        options_print_boards();
    else if (strcmp(command, "--version") == 0)
        puts("vboard " VBOARD_VERSION);
    else if (strcmp(command, "help") == 0 || strcmp(command, "--help") == 0 || strcmp(command, "-h") == 0)
        print_help();
    else
        return unknown(command);
    return EXIT_ENDED;
}

/* A reader that has seen enough, such as `head`, is no failure. */
static bool output_is_lost(void)
{
    struct pollfd output = {.fd = STDOUT_FILENO, .events = POLLOUT};
    bool failed = fflush(stdout) != 0 || ferror(stdout);
    return failed && !(poll(&output, 1, 0) > 0 && output.revents & POLLERR);
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    int status = obey(argc, argv);
    if (output_is_lost())
        return complain("not all of the output could be written; is the disk full?");
    return status;
}
