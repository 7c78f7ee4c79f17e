/* Spellings of ports and pins that board files and DEFS may use. */
#pragma once

#define GPIOA  0
#define GPIOB  1
#define GPIOC  2
#define GPIOD  3
#define GPIOE  4
#define GPIO0  0
#define GPIO1  1
#define GPIO2  2
#define GPIO3  3
#define GPIO4  4
#define GPIO5  5
#define GPIO6  6
#define GPIO7  7
#define GPIO8  8
#define GPIO9  9
#define GPIO10 10
#define GPIO11 11
#define GPIO12 12
#define GPIO13 13
#define GPIO14 14
#define GPIO15 15
