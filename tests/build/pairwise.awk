# A covering set: the fewest rows we find such that any value of any option occurs together with any value of any other.
#
# Input: lines "NAME VALUE..." (a value "-" leaves the option out), and "never NAME VALUE NAME VALUE" for pairs that cannot be.
# Output: one row a line, "NAME=VALUE ..." without what is left out. The last line, "# rows: N, pairs: N", counts.
# Greedy and without chance: each row starts with a pair not covered yet and takes, option by option, the value that covers most.

$1 == "#" || NF == 0 { next }
$1 == "never" { never[$2, $3, $4, $5] = never[$4, $5, $2, $3] = 1; next }
{
    name[++options] = $1
    values[options] = NF - 1
    for (i = 2; i <= NF; i++) value[options, i - 1] = $i
}

function forbidden(a, x, b, y) { return (name[a], value[a, x], name[b], value[b, y]) in never }
function fits(a, x,  b) {
    for (b = 1; b <= options; b++)
        if (row[b] && forbidden(a, x, b, row[b])) return 0
    return 1
}
function gain(a, x,  b, n) {
    for (b = 1; b <= options; b++)
        if (row[b] && (a, x, b, row[b]) in open) n++
    return n + 0
}
# what is left for later to cover: breaks ties, so that values take turns
function hunger(a, x) { return left[a, x] }
function set(a, x) { row[a] = x }
function cover(  a, b) {
    for (a = 1; a <= options; a++)
        for (b = a + 1; b <= options; b++)
            if ((a, row[a], b, row[b]) in open) {
                delete open[a, row[a], b, row[b]]
                delete open[b, row[b], a, row[a]]
                left[a, row[a]]--
                left[b, row[b]]--
                pairs_left--
            }
}
function print_row(  a, line) {
    for (a = 1; a <= options; a++)
        if (value[a, row[a]] != "-") line = line (line ? " " : "") name[a] "=" value[a, row[a]]
    print line
}

END {
    for (a = 1; a <= options; a++)
        for (b = a + 1; b <= options; b++)
            for (x = 1; x <= values[a]; x++)
                for (y = 1; y <= values[b]; y++)
                    if (!forbidden(a, x, b, y)) {
                        open[a, x, b, y] = open[b, y, a, x] = 1
                        left[a, x]++
                        left[b, y]++
                        pairs_left++
                    }
    pairs = pairs_left
    while (pairs_left > 0) {
        # the first pair still open, counted from the options with most values, which come first
        found = 0
        for (a = 1; a <= options && !found; a++)
            for (x = 1; x <= values[a] && !found; x++)
                for (b = a + 1; b <= options && !found; b++)
                    for (y = 1; y <= values[b] && !found; y++)
                        if ((a, x, b, y) in open) { found = 1; first = a; at_first = x; second = b; at_second = y }
        for (c = 1; c <= options; c++) row[c] = 0
        set(first, at_first)
        set(second, at_second)
        for (c = 1; c <= options; c++) {
            if (row[c]) continue
            best = -1
            for (x = 1; x <= values[c]; x++) {
                if (!fits(c, x)) continue
                g = gain(c, x) * 1000 + hunger(c, x)
                if (g > best) { best = g; chosen = x }
            }
            if (best < 0) {
                print "pairwise: no value of " name[c] " goes with a row begun by " name[first] "=" value[first, at_first] \
                    " and " name[second] "=" value[second, at_second] > "/dev/stderr"
                exit 1
            }
            set(c, chosen)
        }
        cover()
        print_row()
        rows++
    }
    print "# rows: " rows ", pairs: " pairs
}
