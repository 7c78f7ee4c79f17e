/*
 * Firmware to be tested: USART1 (PA9, PA10; 115200 baud) says "ready" after a reset and sends back each line
 * that it receives, in capitals. Without a library, on the reset clock.
 */
#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define RCC_APB2ENR       REGISTER(0x40021018)
#define GPIOA_CRH         REGISTER(0x40010804)
#define USART1_SR         REGISTER(0x40013800)
#define USART1_DR         REGISTER(0x40013804)
#define USART1_BRR        REGISTER(0x40013808)
#define USART1_CR1        REGISTER(0x4001380C)

enum { HSI_HZ = 8000000, BAUD = 115200, STACK_TOP = 0x20005000 };
enum { RXNE = 1 << 5, TXE = 1 << 7, RE = 1 << 2, TE = 1 << 3, UE = 1 << 13 };

static void send(uint32_t character)
{
    while (!(USART1_SR & TXE)) {}
    USART1_DR = character;
}

void reset(void);
void reset(void)
{
    static const char ready[] = "ready\n";

    RCC_APB2ENR |= 1u << 2 | 1u << 14;               /* port A and USART1 */
    GPIOA_CRH = (GPIOA_CRH & ~(15u << 4)) | 9u << 4; /* PA9: alternate function, push-pull, 10 MHz */
    USART1_BRR = (HSI_HZ + BAUD / 2) / BAUD;
    USART1_CR1 = UE | TE | RE;
    for (const char *next = ready; *next; next++)
        send((uint32_t)*next);
    for (;;) {
        if (USART1_SR & RXNE) {
            uint32_t character = USART1_DR;
            send(character >= 'a' && character <= 'z' ? character - ('a' - 'A') : character);
        }
    }
}

__attribute__((section(".vectors"), used)) static const uintptr_t vectors[2] = {STACK_TOP, (uintptr_t)reset};
