/* The packets on the USB cable as a pcap file, which Wireshark opens. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ticks.h"

struct pcap;

/* NULL: error says why. */
struct pcap *pcap_open(const char *path, char *error, size_t error_size);
/* A packet from its PID to its CRC, and when its sync began (usb_host.record). */
void pcap_packet(struct pcap *pcap, ticks at, const uint8_t *packet, unsigned length);
/* false: not all of it could be written. */
bool pcap_close(struct pcap *pcap, char *error, size_t error_size);
