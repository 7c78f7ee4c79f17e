/* Cuts the power at every flash operation of every kind of download; prints what came of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "sweep.h"

enum { KIB = 1024 };

static const struct scenario scenarios[] = {
    {.name = "over a blank chip", .new_length = 3 * KIB, .every = 1},
    {.name = "over an older one", .old_length = 3 * KIB, .new_length = 3 * KIB - 10, .every = 1},
    {.name = "over a larger one", .old_length = 5 * KIB, .new_length = 2 * KIB + 7, .every = 1},
    {.name = "over the same one",
     .old_length = 3 * KIB,
     .new_length = 3 * KIB,
     .content = NEW_SAME,
     .every = 1},
    {.name = "one page is new",
     .old_length = 4 * KIB,
     .new_length = 4 * KIB,
     .content = NEW_PAGES,
     .changed = 1 << 2,
     .every = 1},
    {.name = "the first page is new",
     .old_length = 2 * KIB,
     .new_length = 2 * KIB,
     .content = NEW_PAGES,
     .changed = 1 << 0,
     .every = 1},
    {.name = "over an older one, clone",
     .old_length = 3 * KIB,
     .new_length = 3 * KIB - 10,
     .clone = true,
     .every = 1},
    {.name = "aborted", .old_length = 4 * KIB, .new_length = 4 * KIB, .abort_at = 3 * KIB, .every = 1},
    {.name = "refused: no application",
     .old_length = 2 * KIB,
     .new_length = 2 * KIB,
     .content = NEW_REFUSED,
     .ends_with = errTARGET,
     .every = 1},
    {.name = "refused: write-protected",
     .old_length = 6 * KIB,
     .new_length = 6 * KIB,
     .protected = true,
     .ends_with = errWRITE,
     .every = 1},
    {.name = "refused: too large",
     .old_length = WHOLE_AREA,
     .new_length = WHOLE_AREA,
     .surplus = 1,
     .content = NEW_PAGES,
     .changed = 1ull << 3 | 1ull << 56,
     .ends_with = errADDRESS,
     .every = 1},
    {.name = "whole area, sampled", .old_length = WHOLE_AREA, .new_length = WHOLE_AREA, .every = 499},
};

enum { SCENARIOS = sizeof scenarios / sizeof scenarios[0], PLAIN_SCENARIOS = 3 };

/* The check of a signature takes a good part of each run, so there are fewer of these. */
static const struct scenario signed_scenarios[] = {
    {.name = "signed, over an older one", .old_length = 2 * KIB, .new_length = 2 * KIB + 100, .every = 1},
    {.name = "signed, the first page new",
     .old_length = 2 * KIB,
     .new_length = 2 * KIB,
     .content = NEW_PAGES,
     .changed = 1 << 0 | 1 << 1, /* with the trailer */
     .junk_log = true,
     .every = 1},
    {.name = "signed, whole area", .old_length = WHOLE_AREA, .new_length = WHOLE_AREA, .every = 999},
    {.name = "refused: forged",
     .old_length = 2 * KIB,
     .new_length = 2 * KIB,
     .maker = STRANGER,
     .ends_with = errVENDOR,
     .every = 1},
    {.name = "refused: older version",
     .old_length = 2 * KIB,
     .new_length = 2 * KIB,
     .maker = OLDER,
     .ends_with = errVENDOR,
     .every = 3},
};
enum { SIGNED_SCENARIOS = sizeof signed_scenarios / sizeof signed_scenarios[0] };

/* Each with so many of its scenarios. */
static const struct {
    const char *name;
    const struct scenario *scenarios;
    size_t count;
} targets[] = {
    {"BLUEPILL", scenarios, SCENARIOS},
    {"BLUEPILL_4K", scenarios, SCENARIOS},
    {"BLUEPILL_HIGH", scenarios, SCENARIOS},
    {"BTTSKRMINIE3V2_HIGH_256", scenarios, PLAIN_SCENARIOS}, /* pages of 2 KiB */
    {"BLUEPILL_SIGNED", signed_scenarios, SIGNED_SCENARIOS},
    {"BLUEPILL_HIGH_SIGNED", signed_scenarios, SIGNED_SCENARIOS},
};
enum { TARGETS = sizeof targets / sizeof targets[0] };

static struct figures sum;

static void print(const char *target, const char *name, const struct figures *figures)
{
    printf("%-24s %-24s %6llu %8llu %7llu %7llu %8llu %8llu %8llu %7llu %7llu %7llu\n", target, name,
           (unsigned long long)figures->operations, (unsigned long long)figures->cuts,
           (unsigned long long)figures->second_cuts, (unsigned long long)figures->interruptions,
           (unsigned long long)figures->old_started, (unsigned long long)figures->new_started,
           (unsigned long long)figures->waited, (unsigned long long)figures->no_reset_vector,
           (unsigned long long)figures->enumerations, (unsigned long long)figures->recoveries);
    (void)fflush(stdout);
}

static void add(struct figures *to, const struct figures *figures)
{
    to->operations += figures->operations;
    to->cuts += figures->cuts;
    to->second_cuts += figures->second_cuts;
    to->interruptions += figures->interruptions;
    to->old_started += figures->old_started;
    to->new_started += figures->new_started;
    to->waited += figures->waited;
    to->no_reset_vector += figures->no_reset_vector;
    to->enumerations += figures->enumerations;
    to->recoveries += figures->recoveries;
}

struct swept {
    const char *target;
    const struct scenario *scenario;
};

static void run(void **state)
{
    const struct swept *swept = *state;
    struct figures figures = {0};

    sweep(swept->target, swept->scenario, &figures);
    print(swept->target, swept->scenario->name, &figures);
    add(&sum, &figures);
}

/* powercut [TARGET]: of all targets or of one. */
int main(int arguments, char **argument)
{
    static struct swept swept[TARGETS * SCENARIOS];
    static struct CMUnitTest tests[TARGETS * SCENARIOS];
    size_t count = 0;

    for (size_t target = 0; target < TARGETS; target++)
        for (size_t i = 0; i < targets[target].count; i++) {
            if (arguments > 1 && strcmp(argument[1], targets[target].name) != 0)
                continue;
            swept[count] = (struct swept){targets[target].name, &targets[target].scenarios[i]};
            tests[count] =
                (struct CMUnitTest){targets[target].scenarios[i].name, run, NULL, NULL, &swept[count]};
            count++;
        }
    printf("%-24s %-24s %6s %8s %7s %7s %8s %8s %8s %7s %7s %7s\n", "", "", "oper-", "", "second", "inter-",
           "old", "new", "boot-", "no", "enume-", "whole");
    printf("%-24s %-24s %6s %8s %7s %7s %8s %8s %8s %7s %7s %7s\n", "target", "download", "ations", "cuts",
           "cuts", "rupted", "starts", "starts", "loader", "vector", "rations", "again");
    /* the macro cmocka_run_group_tests wants an array whole */
    int failed = _cmocka_run_group_tests("sweep", tests, count, NULL, NULL);
    print("sum", "", &sum);
    printf("%d passed, %d failed\n", (int)count - failed, failed);
    return failed ? 1 : 0;
}
