/* See display_picture.h. */
#include "display_picture.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define CLEAR_LINE  "\033[K"
#define CLEAR_BELOW "\033[J"
#define HOME        "\033[H"
#define REVERSE     "\033[7m"
#define FAINT       "\033[2m"
#define LIT         "\033[1;33m"
#define ALARM       "\033[1;31m"
#define PLAIN       "\033[0m"

enum {
    LABEL = 11,
    LINES_OF_STATE = 6,
    LINES_AROUND = 2,
    LEAST_MESSAGES = 3,
    FULL_SPEED = 97,
    MS_PER_SECOND = 1000
};

static const char keys[] = "b button r reset u cable p power q quit";

/*
 * The lines that are printed so far; none beyond the last row, and no end of line there, which would scroll.
 */
struct page {
    const struct picture *picture;
    int printed;
};

static void next_line(struct page *page)
{
    if (page->printed++ > 0)
        fputs("\r\n", stdout);
}

/* One line, cut to the terminal's width. */
static void __attribute__((format(printf, 4, 5)))
line(struct page *page, const char *label, const char *style, const char *format, ...)
{
    char text[PICTURE_WIDTH];
    va_list arguments;
    int label_width = label[0] ? LABEL : 0, room = page->picture->columns - label_width;
    if (page->printed >= page->picture->rows)
        return;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    next_line(page);
    printf("%-*.*s%s%.*s" PLAIN CLEAR_LINE, label_width, page->picture->columns, label, style,
           room > 0 ? room : 0, text);
}

/* A line in reverse from edge to edge: text on the left and on the right, which gives way. */
static void bar(struct page *page, const char *left, const char *right)
{
    int columns = page->picture->columns, gap = columns - (int)strlen(left) - (int)strlen(right) - 2;
    if (page->printed >= page->picture->rows)
        return;
    next_line(page);
    if (gap > 0)
        printf(REVERSE " %s%*s%s " PLAIN, left, gap, "", right);
    else
        printf(REVERSE " %-*.*s" PLAIN, columns - 1, columns - 1, left);
}

/* ---- states ---- */

static void title(struct page *page)
{
    const struct picture *picture = page->picture;
    char left[PICTURE_WIDTH], right[PICTURE_WIDTH], speed[32] = "";
    uint64_t ms = ticks_to_us(board_now(picture->board)) / MS_PER_SECOND;
    if (picture->speed && picture->speed < FULL_SPEED)
        snprintf(speed, sizeof speed, " at %u %% of its speed", picture->speed);
    snprintf(left, sizeof left, "%s  %u.%03u s%s", picture->board->info->title,
             (unsigned)(ms / MS_PER_SECOND), (unsigned)(ms % MS_PER_SECOND), speed);
    snprintf(right, sizeof right, "%s", picture->firmware);
    bar(page, left, right);
}

static void led(struct page *page)
{
    const struct board *board = page->picture->board;
    if (board->info->led == PIN_NONE)
        line(page, "LED", FAINT, "none");
    else if (!board->led_on)
        line(page, "LED", "", "( ) off");
    else if (board->led_duty >= DUTY_FULL)
        line(page, "LED", LIT, "(*) on");
    else
        line(page, "LED", LIT, "(*) %u %% bright", board->led_duty * 100 / DUTY_FULL);
}

static void button(struct page *page)
{
    const struct board *board = page->picture->board;
    if (board->info->button == PIN_NONE)
        line(page, "button", FAINT, "none");
    else
        line(page, "button", "", board->button_pressed ? "[#] pressed" : "[ ] released");
}

static void processor(struct page *page)
{
    const struct board *board = page->picture->board;
    const struct cortex_m3 *cpu = &board->chip.cpu;
    if (!board->chip.powered)
        line(page, "processor", ALARM, "no power");
    else
        line(page, "processor", cpu->locked_up ? ALARM : "", "%s, PC 0x%08X",
             cpu->locked_up  ? "locked up"
             : cpu->sleeping ? "sleeping"
                             : "running",
             (unsigned)cpu->r[15]);
}

static void flash(struct page *page)
{
    const struct flash *state = &page->picture->board->chip.flash;
    const char *now = "erasing";
    if (state->operation.kind == FLASH_NOTHING)
        now = "idle";
    else if (state->operation.kind == FLASH_PROGRAM || state->operation.kind == FLASH_OPTION_PROGRAM)
        now = "programming";
    line(page, "flash", "", "%s; %u erased, %u programmed", now, (unsigned)state->erases,
         (unsigned)state->programs);
}

/* ---- lines that came ---- */

void scroll_add(struct scroll *scroll, const char *text)
{
    char *to = scroll->line[scroll->count++ % MESSAGES_KEPT];
    size_t used = 0;
    for (; *text && *text != '\n' && used < PICTURE_WIDTH - 1; text++)
        if ((unsigned char)*text >= ' ' && *text != 0x7F)
            to[used++] = *text;
    to[used] = '\0';
}

static void latest(struct page *page, const struct scroll *scroll, int room)
{
    unsigned kept = scroll->count < MESSAGES_KEPT ? scroll->count : MESSAGES_KEPT;
    unsigned shown = kept < (unsigned)room ? kept : (unsigned)room;
    for (unsigned i = scroll->count - shown; i < scroll->count; i++)
        line(page, "", "", "%s", scroll->line[i % MESSAGES_KEPT]);
    for (; shown < (unsigned)room; shown++)
        line(page, "", "", "%s", "");
}

void picture_print(const struct picture *picture)
{
    struct page page = {.picture = picture};
    int room = picture->rows - LINES_OF_STATE - LINES_AROUND;
    int serial = picture->serial->count && room > LEAST_MESSAGES ? room / 2 : 0;
    fputs(HOME, stdout);
    title(&page);
    led(&page);
    button(&page);
    line(&page, "USB", "", "%s, %s", picture->board->cable ? "cable in" : "cable out", picture->usb);
    processor(&page);
    flash(&page);
    if (serial) {
        line(&page, "", FAINT, "--- serial ---");
        latest(&page, picture->serial, serial - 1);
    }
    line(&page, "", FAINT, "--- messages ---");
    latest(&page, picture->messages, room - serial > 0 ? room - serial : 0);
    bar(&page, keys, "");
    fputs(CLEAR_BELOW, stdout);
}
