/* Stands for what the firmware's build makes of DEFS: nothing. */
