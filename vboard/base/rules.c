/* See rules.h. */
#include "rules.h"

#include <string.h>

const char *const rule_names[] = {
    "absent-peripheral",
    "access-size",
    "adcclk-too-fast",
    "afio-remap",
    "aircr-key",
    "backup-write-protected",
    "can-btr-locked",
    "can-filter-locked",
    "can-init-asleep",
    "can-mailbox-busy",
    "can-rx-dominant",
    "can-tx-pin",
    "debug-registers",
    "dma-changed-while-on",
    "dma-mem2mem-circular",
    "dma-size",
    "dma-transfer-error",
    "exclusive-address",
    "flash-acc64",
    "flash-bsy-too-early",
    "flash-busy",
    "flash-eeprom-zero",
    "flash-erase-address",
    "flash-half-cycle",
    "flash-half-page",
    "flash-key",
    "flash-key-while-unlocked",
    "flash-latency",
    "flash-locked",
    "flash-mode",
    "flash-option-complement",
    "flash-options-locked",
    "flash-prefetch",
    "flash-program-size",
    "flash-wait-states",
    "flash-without-hsi",
    "flash-write-protected",
    "flash-write-without-pg",
    "floating-input",
    "fsmc-refused",
    "gpio-locked",
    "gpio-reserved-mode",
    "hclk-too-fast",
    "hse-too-fast",
    "hsebyp",
    "hsi-in-range-3",
    "icsr-set-and-clear",
    "iwdg-update",
    "iwdg-write-protected",
    "msi-range",
    "odd-return-address",
    "packet-memory-race",
    "pclk1-too-fast",
    "peripheral-in-reset",
    "pin-owned-by-debug",
    "pll-changed-while-on",
    "pll-frequency",
    "pll-setup",
    "pll-source-not-ready",
    "program-over-data",
    "pwr-vos",
    "pwr-vos-busy",
    "rcc-clock-in-use",
    "rcc-switch",
    "rcc-switch-not-ready",
    "read-only-register",
    "reserved-bits",
    "reserved-register",
    "reserved-system-register",
    "rtc-busy",
    "rtc-configuration-mode",
    "rtc-enabled",
    "rtc-initialization-mode",
    "rtc-not-synchronized",
    "rtc-write-protected",
    "rtcsel",
    "spi-too-fast",
    "stack-overflow",
    "standby-with-wuf",
    "stop-with-pending",
    "swj-cfg",
    "swj-cfg-lost",
    "system-register-size",
    "tim-ccs-while-on",
    "tim-cms-while-on",
    "trace-disabled",
    "unaligned-device-access",
    "unclocked-peripheral",
    "unmodelled",
    "unpredictable-instruction",
    "usart-baud-rate",
    "usart-off",
    "usart-overwrite",
    "usart-tx-pin",
    "usb-apb-clock",
    "usb-buffer-alignment",
    "usb-buffer-overlap",
    "usb-buffer-range",
    "usb-buffer-size",
    "usb-can-memory",
    "usb-clock",
    "usb-clock-not-48mhz",
    "usb-ctr-masked",
    "usb-endpoint-direction",
    "usb-endpoint-kind",
    "usb-endpoint-status",
    "usb-endpoint-twice",
    "usb-event-lost",
    "usb-in-reset",
    "usb-memory-access",
    "usb-memory-unset",
    "usb-power",
    "usb-read-only",
    "usb-reserved-bits",
    "usb-reserved-register",
    "usb-resume",
    "usb-startup-time",
    "usb-suspend",
    "usb-table-alignment",
    "usb-table-moved",
    "usb-table-range",
    "usb-table-unset",
    "usb-transmit-length",
    "usbpre-changed-while-on",
    "vectclractive",
    "vector-table-alignment",
    "vectreset",
    "write-only-register",
    "wwdg-window",
    NULL,
};
_Static_assert(sizeof rule_names / sizeof rule_names[0] <= RULES_MAX, "RULES_MAX is too small");

int rule_find(const char *name, size_t length)
{
    for (int i = 0; rule_names[i]; i++)
        if (strlen(rule_names[i]) == length && memcmp(rule_names[i], name, length) == 0)
            return i;
    return RULE_UNKNOWN;
}

static unsigned least(unsigned a, unsigned b, unsigned c)
{
    unsigned ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* Letters put in, left out or exchanged (Levenshtein). */
static unsigned changes_between(const char *name, size_t length, const char *rule)
{
    enum { LONGEST = 64 };
    unsigned row[LONGEST + 1];
    size_t width = strlen(rule);
    if (width > LONGEST)
        width = LONGEST;
    for (size_t k = 0; k <= width; k++)
        row[k] = (unsigned)k;
    for (size_t i = 1; i <= length; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t k = 1; k <= width; k++) {
            unsigned above = row[k];
            row[k] = least(above + 1, row[k - 1] + 1, diagonal + (name[i - 1] != rule[k - 1]));
            diagonal = above;
        }
    }
    return row[width];
}

const char *rule_nearest(const char *name, size_t length)
{
    const char *nearest = rule_names[0];
    for (const char *const *rule = rule_names; *rule; rule++)
        if (changes_between(name, length, *rule) < changes_between(name, length, nearest))
            nearest = *rule;
    return nearest;
}
