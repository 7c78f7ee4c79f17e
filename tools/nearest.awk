# Which name was probably meant: functions for awk -f (tools/nearest, tools/check-macros).

function least(a, b) { return a < b ? a : b }

# Letters to insert, drop, replace or swap to make one of the other (optimal string alignment).
function distance(a, b,  i, j, same, d) {
    for (i = 0; i <= length(a); i++) d[i, 0] = i
    for (j = 0; j <= length(b); j++) d[0, j] = j
    for (i = 1; i <= length(a); i++)
        for (j = 1; j <= length(b); j++) {
            same = substr(a, i, 1) == substr(b, j, 1)
            d[i, j] = least(least(d[i - 1, j], d[i, j - 1]) + 1, d[i - 1, j - 1] + !same)
            if (i > 1 && j > 1 && substr(a, i, 1) == substr(b, j - 1, 1) && substr(a, i - 1, 1) == substr(b, j, 1))
                d[i, j] = least(d[i, j], d[i - 2, j - 2] + 1)
        }
    return d[length(a), length(b)]
}

# All words of the name, in order, are words of the option: LED_PIN of LED_GPIO_PIN.
function is_short_for(name, option,  n, m, i, j, words, of) {
    n = split(name, words, "_")
    m = split(option, of, "_")
    for (i = j = 1; i <= n && j <= m; j++)
        if (words[i] == of[j]) i++
    return n > 1 && i > n
}

# Of the indices of `among`: the one that is nearest to the name, or nothing.
function nearest(name, among,  option, d, best, found) {
    best = 4
    for (option in among) {
        d = distance(toupper(name), option)
        # two letters of a short name are another word
        if (d <= (length(name) < 8 ? 1 : 2) && (d < best || d == best && option < found)) { best = d; found = option }
    }
    if (!found)
        for (option in among)
            if (is_short_for(toupper(name), option) && (!found || option < found)) found = option
    return found
}
