/* Cuts the power at every flash operation of every kind of download, and interrupts
 * them; prints what came of it. */
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

/* Of chips whose flash has marks: there are no clones of them, and pages are small. */
static const struct scenario marked_scenarios[] = {
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
    {.name = "aborted", .old_length = 4 * KIB, .new_length = 4 * KIB, .abort_at = 3 * KIB, .every = 1},
    {.name = "refused: no application",
     .old_length = 2 * KIB,
     .new_length = 2 * KIB,
     .content = NEW_REFUSED,
     .ends_with = errTARGET,
     .every = 1},
    {.name = "refused: too large",
     .old_length = WHOLE_AREA,
     .new_length = WHOLE_AREA,
     .surplus = 1,
     .content = NEW_PAGES,
     .changed = 1ull << 3 | 1ull << 56,
     .ends_with = errADDRESS,
     .every = 1},
    {.name = "whole area, sampled", .old_length = WHOLE_AREA, .new_length = WHOLE_AREA, .every = 99},
    {.name = "blank behind its vectors",
     .old_length = 3 * KIB,
     .new_length = 3 * KIB,
     .content = NEW_BLANK,
     .every = 1},
    {.name = "read before each download",
     .old_length = 2 * KIB,
     .new_length = 2 * KIB,
     .upload = true,
     .every = 1},
};
enum { MARKED_SCENARIOS = sizeof marked_scenarios / sizeof marked_scenarios[0] };

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

/* Unstable cells, and hosts that interrupt: where old and new meet, and where there is nothing yet. */
static const struct scenario meeting_scenarios[] = {
    {.name = "over an older one", .old_length = 3 * KIB, .new_length = 3 * KIB - 10},
    {.name = "over a blank chip", .new_length = 2 * KIB},
    {.name = "a single page", .old_length = 900, .new_length = 700},
    {.name = "two pages are new",
     .old_length = 4 * KIB,
     .new_length = 4 * KIB,
     .content = NEW_PAGES,
     .changed = 1 << 0 | 1 << 2},
};
enum { MEETING_SCENARIOS = sizeof meeting_scenarios / sizeof meeting_scenarios[0] };

/* Of chips whose flash has marks, besides. */
static const struct scenario marked_meetings[] = {
    {.name = "blank behind its vectors", .old_length = 3 * KIB, .new_length = 3 * KIB, .content = NEW_BLANK},
    {.name = "whole area", .old_length = WHOLE_AREA, .new_length = WHOLE_AREA, .every = 999},
};
enum { MARKED_MEETINGS = sizeof marked_meetings / sizeof marked_meetings[0] };

/* The first two of the signed ones: those that are installed, and have a log before or not. */
enum { SIGNED_MEETINGS = 2 };

struct target {
    const char *name;
    const struct scenario *scenarios;
    size_t count; /* of them */
    bool deep;    /* only with DEEP=1 or when it is named: another target's code, linked elsewhere */
};

static const struct target cut_targets[] = {
    {"BLUEPILL", scenarios, SCENARIOS, false},
    {"BLUEPILL_4K", scenarios, SCENARIOS, true},
    {"BLUEPILL_HIGH", scenarios, SCENARIOS, false},
    {"BTTSKRMINIE3V2_HIGH_256", scenarios, PLAIN_SCENARIOS, false}, /* pages of 2 KiB */
    {"BLUEPILL_SIGNED", signed_scenarios, SIGNED_SCENARIOS, false},
    {"BLUEPILL_HIGH_SIGNED", signed_scenarios, SIGNED_SCENARIOS, false},
    {"STM32L152DISCOVERY", marked_scenarios, MARKED_SCENARIOS, false},
    {"STM32L152DISCOVERY_4K", marked_scenarios, MARKED_SCENARIOS, true},
    {"STM32L152DISCOVERY_SIGNED", signed_scenarios, SIGNED_SCENARIOS, true},
    {0},
};

static const struct target cells_targets[] = {
    {"BLUEPILL", meeting_scenarios, MEETING_SCENARIOS, false},
    {"BLUEPILL_HIGH", meeting_scenarios, MEETING_SCENARIOS, false},
    {"BTTSKRMINIE3V2_HIGH_256", meeting_scenarios, MEETING_SCENARIOS, false},
    {"BLUEPILL_SIGNED", signed_scenarios, SIGNED_MEETINGS, false},
    {"BLUEPILL_HIGH_SIGNED", signed_scenarios, SIGNED_MEETINGS, false},
    {"STM32L152DISCOVERY", meeting_scenarios, MEETING_SCENARIOS, false},
    {"STM32L152DISCOVERY", marked_meetings, MARKED_MEETINGS, false},
    {"STM32L152DISCOVERY_SIGNED", signed_scenarios, SIGNED_MEETINGS, true},
    {0},
};

static const struct target hosts_targets[] = {
    {"BLUEPILL", meeting_scenarios, MEETING_SCENARIOS, false},
    {"BLUEPILL_HIGH", meeting_scenarios, MEETING_SCENARIOS, false},
    {"BTTSKRMINIE3V2_HIGH_256", meeting_scenarios, MEETING_SCENARIOS, false},
    {"BLUEPILL_SIGNED", signed_scenarios, SIGNED_MEETINGS, false},
    {"BLUEPILL_HIGH_SIGNED", signed_scenarios, SIGNED_MEETINGS, false},
    {"STM32L152DISCOVERY", meeting_scenarios, MEETING_SCENARIOS, false},
    {"STM32L152DISCOVERY_SIGNED", signed_scenarios, SIGNED_MEETINGS, true},
    {0},
};

/* The third page behind the shorter image is cut: of 1 KiB, of 2 KiB, and of 256 bytes. */
static const struct scenario behind_scenarios[] = {
    {.name = "shorter, then longer", .old_length = 2 * KIB, .new_length = 6 * KIB - 10},
    {.name = "a single page, then longer", .old_length = 900, .new_length = 5 * KIB - 10},
    {.name = "the same, first on the chip", .old_length = 900, .new_length = 5 * KIB - 10, .first = true},
};
static const struct scenario behind_large_scenarios[] = {
    {.name = "shorter, then longer", .old_length = 4 * KIB, .new_length = 12 * KIB - 10},
    {.name = "a single page, then longer", .old_length = 900, .new_length = 10 * KIB - 10},
    {.name = "the same, first on the chip", .old_length = 900, .new_length = 10 * KIB - 10, .first = true},
};
static const struct scenario behind_small_scenarios[] = {
    {.name = "shorter, then longer", .old_length = 1 * KIB, .new_length = 3 * KIB - 10},
    {.name = "a single page, then longer", .old_length = 200, .new_length = 3 * KIB - 10},
};
enum {
    BEHIND_SCENARIOS = sizeof behind_scenarios / sizeof behind_scenarios[0],
    BEHIND_SMALL_SCENARIOS = sizeof behind_small_scenarios / sizeof behind_small_scenarios[0]
};

static const struct target behind_targets[] = {
    {"BLUEPILL", behind_scenarios, BEHIND_SCENARIOS, false},
    {"BLUEPILL_4K", behind_scenarios, BEHIND_SCENARIOS, true},
    {"BLUEPILL_HIGH", behind_scenarios, BEHIND_SCENARIOS, false},
    {"BTTSKRMINIE3V2_HIGH_256", behind_large_scenarios, BEHIND_SCENARIOS, false},
    {"STM32L152DISCOVERY", behind_small_scenarios, BEHIND_SMALL_SCENARIOS, false},
    {"STM32L152DISCOVERY_4K", behind_small_scenarios, BEHIND_SMALL_SCENARIOS, true},
    {0},
};

enum { FIGURES = 10, FIGURE_WIDTH = 8, HEADING = 2 };

/* A sweep and the columns of its table: two lines of heading, and where the figures are. */
static const struct kind {
    const char *name;
    void (*sweep)(const char *target, const struct scenario *scenario, struct figures *figures);
    const struct target *targets;
    struct column {
        const char *heading[HEADING];
        size_t figure;
    } columns[FIGURES];
} kinds[] = {
    {"cuts",
     sweep,
     cut_targets,
     {{{"oper-", "ations"}, offsetof(struct figures, operations)},
      {{"", "cuts"}, offsetof(struct figures, cuts)},
      {{"second", "cuts"}, offsetof(struct figures, second_cuts)},
      {{"inter-", "rupted"}, offsetof(struct figures, interruptions)},
      {{"old", "starts"}, offsetof(struct figures, old_started)},
      {{"new", "starts"}, offsetof(struct figures, new_started)},
      {{"boot-", "loader"}, offsetof(struct figures, waited)},
      {{"no", "vector"}, offsetof(struct figures, no_reset_vector)},
      {{"enume-", "rations"}, offsetof(struct figures, enumerations)},
      {{"whole", "again"}, offsetof(struct figures, recoveries)}}},
    {"cells",
     sweep_cells,
     cells_targets,
     {{{"", "cuts"}, offsetof(struct figures, cuts)},
      {{"second", "cuts"}, offsetof(struct figures, second_cuts)},
      {{"power-", "ups"}, offsetof(struct figures, power_ups)},
      {{"old", "starts"}, offsetof(struct figures, old_started)},
      {{"new", "starts"}, offsetof(struct figures, new_started)},
      {{"boot-", "loader"}, offsetof(struct figures, waited)},
      {{"no", "vector"}, offsetof(struct figures, no_reset_vector)},
      {{"whole", "again"}, offsetof(struct figures, recoveries)}}},
    {"behind",
     sweep_behind,
     behind_targets,
     {{{"oper-", "ations"}, offsetof(struct figures, operations)},
      {{"", "cuts"}, offsetof(struct figures, cuts)},
      {{"", "retries"}, offsetof(struct figures, retries)},
      {{"whole", "again"}, offsetof(struct figures, recoveries)}}},
    {"hosts",
     sweep_hosts,
     hosts_targets,
     {{{"oper-", "ations"}, offsetof(struct figures, operations)},
      {{"inter-", "rupted"}, offsetof(struct figures, interruptions)},
      {{"old", "starts"}, offsetof(struct figures, old_started)},
      {{"new", "starts"}, offsetof(struct figures, new_started)},
      {{"boot-", "loader"}, offsetof(struct figures, waited)},
      {{"whole", "again"}, offsetof(struct figures, recoveries)}}},
};
enum { KINDS = sizeof kinds / sizeof kinds[0], MOST_TESTS = 128 };

static struct figures sums[KINDS];

static uint64_t *figure_of(struct figures *figures, const struct column *column)
{
    return (uint64_t *)((char *)figures + column->figure);
}

static void print_heading(const struct kind *kind)
{
    for (unsigned line = 0; line < HEADING; line++) {
        printf("%-24s %-26s", line ? kind->name : "", line ? "download" : "");
        for (unsigned i = 0; i < FIGURES && kind->columns[i].heading[1]; i++)
            printf(" %*s", FIGURE_WIDTH, kind->columns[i].heading[line]);
        printf("\n");
    }
}

static void print(const struct kind *kind, const char *target, const char *name, struct figures *figures)
{
    printf("%-24s %-26s", target, name);
    for (unsigned i = 0; i < FIGURES && kind->columns[i].heading[1]; i++)
        printf(" %*llu", FIGURE_WIDTH, (unsigned long long)*figure_of(figures, &kind->columns[i]));
    printf("\n");
    (void)fflush(stdout);
}

struct swept {
    const struct kind *kind;
    const char *target;
    const struct scenario *scenario;
};

static void run(void **state)
{
    const struct swept *swept = *state;
    const struct kind *kind = swept->kind;
    struct figures figures = {0};

    kind->sweep(swept->target, swept->scenario, &figures);
    print(kind, swept->target, swept->scenario->name, &figures);
    for (unsigned i = 0; i < FIGURES && kind->columns[i].heading[1]; i++)
        *figure_of(&sums[kind - kinds], &kind->columns[i]) += *figure_of(&figures, &kind->columns[i]);
}

/* Those that the arguments name: a kind of sweep, a target, or both; none: all. Returns how many fail. */
static int run_kind(const struct kind *kind, int arguments, char **argument, unsigned *passed)
{
    static struct swept swept[MOST_TESTS];
    static struct CMUnitTest tests[MOST_TESTS];
    size_t count = 0;

    for (const struct target *target = kind->targets; target->name; target++)
        for (size_t i = 0; i < target->count; i++) {
            bool named = true, by_itself = false;

            for (int n = 1; n < arguments; n++)
                if (strcmp(argument[n], target->name) == 0)
                    by_itself = true;
                else if (strcmp(argument[n], kind->name) != 0)
                    named = false;
            if (!named || (target->deep && !by_itself && !sweep_deep()))
                continue;
            assert_true(count < MOST_TESTS);
            swept[count] = (struct swept){kind, target->name, &target->scenarios[i]};
            tests[count] = (struct CMUnitTest){target->scenarios[i].name, run, NULL, NULL, &swept[count]};
            count++;
        }
    if (!count)
        return 0;
    print_heading(kind);
    /* the macro cmocka_run_group_tests wants an array whole */
    int failed = _cmocka_run_group_tests(kind->name, tests, count, NULL, NULL);
    print(kind, "sum", "", &sums[kind - kinds]);
    *passed += (unsigned)count - (unsigned)failed;
    return failed;
}

/* powercut [cuts | cells | behind | hosts] [TARGET]: all sweeps or one, of all targets or of one. DEEP=1 in
 * the environment: all of them, not a sample. */
int main(int arguments, char **argument)
{
    unsigned passed = 0;
    int failed = 0;

    for (unsigned i = 0; i < KINDS; i++)
        failed += run_kind(&kinds[i], arguments, argument, &passed);
    printf("%u passed, %d failed\n", passed, failed);
    return failed || !passed ? 1 : 0;
}
