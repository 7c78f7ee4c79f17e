/* Where variables go. */
#pragma once

/* Away from the small variables, which are within reach of short instructions only close together. */
#ifdef __arm__
#define BIG __attribute__((section(".bss.big")))
#else
#define BIG
#endif
