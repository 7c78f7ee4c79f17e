#!/usr/bin/env python3
"""A whole DFU client for dapboot in python3-usb: flash.py write FILE, or flash.py read FILE. See docs/protocol.md."""
import sys, time, usb.core

DNLOAD, UPLOAD, GETSTATUS, CLRSTATUS, ABORT = 1, 2, 3, 4, 6
IDLE, BUSY, ERROR = 2, (4, 7), 10
board = usb.core.find(idVendor=0x1209, idProduct=0xDB42) or sys.exit("no board in DFU mode")
SIZE = int.from_bytes(board[0][0, 0].extra_descriptors[5:7], "little")  # wTransferSize

def state():
    while True:
        try: answer = board.ctrl_transfer(0xA1, GETSTATUS, 0, 0, 6)
        except usb.core.USBError: answer = board.ctrl_transfer(0xA1, GETSTATUS, 0, 0, 6)  # a late error stalls one question
        status, *poll, state, _ = answer
        time.sleep(int.from_bytes(poll, "little") / 1000)
        if state == ERROR and downloading: sys.exit(f"the board refused: DFU status {status}")
        if state not in BUSY: return state

downloading = False
while (now := state()) != IDLE: board.ctrl_transfer(0x21, CLRSTATUS if now == ERROR else ABORT, 0, 0)

if sys.argv[1] == "write":
    image, downloading = open(sys.argv[2], "rb").read(), True
    for block, at in enumerate([*range(0, len(image), SIZE), len(image)]):  # the last block is empty
        try: board.ctrl_transfer(0x21, DNLOAD, block & 0xFFFF, 0, image[at : at + SIZE])
        except usb.core.USBError: pass  # the status says why
        state()
else:
    with open(sys.argv[2], "wb") as file:
        for block in range(1 << 16):
            if file.write(board.ctrl_transfer(0xA1, UPLOAD, block, 0, SIZE)) < SIZE: break
