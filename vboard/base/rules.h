/* The rules by name: what can be waived one by one, and what is counted.
 * docs/vboard-rules.md says what each is. */
#pragma once

#include <stddef.h>

enum { RULES_MAX = 192, RULE_UNKNOWN = -1 };

/* In alphabetical order; ends with NULL. tools/check-rules holds it to what the sources report. */
extern const char *const rule_names[];
/* Index of the rule with this name, which need not end with 0; RULE_UNKNOWN: there is none. */
int rule_find(const char *name, size_t length);
/* The rule whose name takes the fewest changes to become: what somebody meant who mistyped it. */
const char *rule_nearest(const char *name, size_t length);
