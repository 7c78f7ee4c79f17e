/* Options that make another board of the one named: its crystal, and the pins of LED, button and pull-up. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "board/pin_names.h"
#include "options_private.h"

enum { HZ_PER_MHZ = 1000000 };

/* Whole Hz: what is rounded away is less than what any crystal is wrong by. */
bool options_parse_crystal(struct options *options, char *text)
{
    char *end = NULL;
    double mhz = *text >= '0' && *text <= '9' ? strtod(text, &end) : 0;
    if (!end || *end != '\0')
        return options_wrong("--crystal takes a frequency in MHz, such as 12 or 7.3728, not '%s'", text);
    const struct hse_limits *limits = &options->config.family->hse;
    unsigned least = limits->least / HZ_PER_MHZ, most = limits->most / HZ_PER_MHZ,
             most_bypassed = limits->most_bypassed / HZ_PER_MHZ;
    if (mhz > most && mhz <= most_bypassed)
        return options_wrong(
            "--crystal %s: the chip's oscillator takes crystals of %u to %u MHz; up to %u MHz "
            "are for a clock fed into OSC_IN, which is not modelled (%s)",
            text, least, most, most_bypassed, limits->section);
    if (!(mhz >= least && mhz <= most))
        return options_wrong("--crystal %s: the chip's oscillator takes crystals of %u to %u MHz (%s)", text,
                             least, most, limits->section);
    options->config.hse_hz = (uint32_t)(mhz * HZ_PER_MHZ + 0.5);
    options->crystal_given = true;
    return true;
}

/* PIN, PIN=low or PIN=high, or the word for there is none. */
static bool parse_place(const char *option, const char *text, const char *none, uint8_t *pin, bool *high)
{
    const char *level = strchr(text, '=');
    if (strcasecmp(text, none) == 0) {
        *pin = PIN_NONE;
        return true;
    }
    bool known = !level || strcasecmp(level, "=low") == 0 || strcasecmp(level, "=high") == 0;
    *pin = known ? pin_find(text, level ? (size_t)(level - text) : strlen(text)) : PIN_NONE;
    if (*pin == PIN_NONE)
        return options_wrong(
            "%s takes a pin from PA0 to P%c15 and the level that counts, such as PC13=low or "
            "PB1=high, or '%s', not '%s'",
            option, 'A' + PORTS - 1, none, text);
    *high = level && strcasecmp(level, "=high") == 0;
    return true;
}

bool options_parse_led(struct options *options, char *text)
{
    return parse_place("--led", text, "none", &options->board.led, &options->board.led_active_high);
}

bool options_parse_button_pin(struct options *options, char *text)
{
    options->board.button_floats = false;
    return parse_place("--button-pin", text, "none", &options->board.button,
                       &options->board.button_active_high);
}

bool options_parse_pullup(struct options *options, char *text)
{
    return parse_place("--pullup", text, "fixed", &options->board.pullup, &options->board.pullup_active_high);
}
