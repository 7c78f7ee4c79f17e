#!/usr/bin/env python3
"""Finds calls into RAM that come before RAM holds code.

Usage: tests/build/boot_calls.py IMAGE.elf...

Until startup_fill_ram() has run, an image may execute its section .boot only. Reads each image's disassembly and
prints every call out of .boot, by a veneer of the linker or through a register, that stands before the function has
filled RAM or called one that does. Exit status: 0 if there is none, 1 if there is one, 2 for wrong use.
"""

import re
import subprocess
import sys

FUNCTION = re.compile(r"^([0-9a-f]+) <(.+)>:$")
INSTRUCTION = re.compile(r"^ *([0-9a-f]+):\t[0-9a-f ]+\t(\S+)(?:\t(.*))?$")
WORD = re.compile(r"^ *([0-9a-f]+):\t([0-9a-f]{8}) +\t\.word")
# Its jump through a register goes to the application, in flash.
LEAVES = "port_start_application"


def tool(*arguments):
    return subprocess.run(arguments, check=True, capture_output=True, text=True).stdout


def symbols(image):
    found = {}
    for line in tool("arm-none-eabi-nm", image).splitlines():
        words = line.split()
        if len(words) == 3:  # the others have no address
            found.setdefault(words[2], int(words[0], 16))
    return found


def read(image):
    """{function: [(mnemonic, operands, literal or None)]}, functions and instructions in order of address."""
    functions, words, current = {}, {}, None
    text = tool("arm-none-eabi-objdump", "-d", "-j", ".boot", image)
    for line in text.splitlines():
        if word := WORD.match(line):
            words[int(word[1], 16)] = int(word[2], 16)
    for line in text.splitlines():
        if start := FUNCTION.match(line):
            current = functions.setdefault(start[2], [])
        elif current is not None and (code := INSTRUCTION.match(line)) and not WORD.match(line):
            literal = re.search(r"@ \(([0-9a-f]+) ", code[3] or "")
            current.append((code[2], code[3] or "", words.get(int(literal[1], 16)) if literal else None))
    return functions


def target(operands):
    name = re.search(r"<([^+>]+)", operands)
    return name[1] if name else ""


def is_into_ram(mnemonic, operands):
    if mnemonic.startswith("b") and target(operands).endswith("_veneer"):
        return target(operands)
    if mnemonic in ("blx", "bx") and operands.strip() != "lr":
        return f"a function through {operands.strip()}"
    return ""


def early_calls(image):
    functions, ram_image = read(image), symbols(image)["ram_image"]
    if not functions:
        sys.exit(f"{image}: there is no code in .boot")
    fills, changed = {"startup_fill_ram"}, True
    while changed:
        changed = False
        for name, code in functions.items():
            if name not in fills and any(literal == ram_image or target(operands) in fills for _, operands, literal in code):
                fills.add(name)
                changed = True
    for name, code in functions.items():
        filled = name.endswith("_veneer") or name.startswith(LEAVES)
        for mnemonic, operands, literal in code:
            filled = filled or literal == ram_image or (mnemonic.startswith("bl") and target(operands) in fills)
            if not filled and (call := is_into_ram(mnemonic, operands)):
                yield f"{image}: {name} calls {call} before RAM is filled"


def main():
    images = sys.argv[1:]
    if not images or images[0] == "--help":
        print(__doc__, file=sys.stdout if images else sys.stderr)
        return 0 if images else 2
    found = [line for image in images for line in early_calls(image)]
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
