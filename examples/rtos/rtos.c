/*
 * Three threads and a kernel in 150 lines. One blinks the LED at 2 Hz; one tells of each change on USART1
 * (PA9, 115200 baud) when the first wakes it; one does nothing but look whether its registers survive that it
 * is interrupted all the time. Runs on the reset clock, without a library.
 */
#include "chip.h"
#include "kernel.h"
#include "led.h"
#include "startup.h"

enum { HSI_HZ = 8000000, BAUD = 115200, TX_PIN = 9, HALF_PERIOD_MS = 250 };

static struct thread blinker, teller, worker;
static struct semaphore changes;
static volatile uint32_t rounds, errors;

static void blink(void)
{
    for (bool on = true;; on = !on) {
        led_set(on);
        semaphore_give(&changes);
        thread_sleep(HALF_PERIOD_MS);
    }
}

static void tell_byte(char byte)
{
    while (!(USART1->SR & USART_SR_TXE)) {}
    USART1->DR = (uint8_t)byte;
}

static void tell(const char *text)
{
    while (*text)
        tell_byte(*text++);
}

static void tell_number(uint32_t number)
{
    if (number >= 10)
        tell_number(number / 10);
    tell_byte((char)('0' + number % 10));
}

static void report(void)
{
    for (uint32_t count = 1;; count++) {
        semaphore_take(&changes);
        tell("change ");
        tell_number(count);
        tell(rounds ? ", work goes on, " : ", work stands still, ");
        rounds = 0;
        tell_number(errors);
        tell(" errors\r\n");
    }
}

/*
 * Fills the registers with numbers of its own, waits a little, and compares; the flags too. 0: all as it was.
 */
__attribute__((naked, noinline)) static uint32_t changed_registers(uint32_t number)
{
    (void)number;
    __asm__ volatile("push {r4-r11, lr}\n\t"
                     "adds r1, r0, #1\n\t"
                     "adds r2, r0, #2\n\t"
                     "adds r3, r0, #3\n\t"
                     "adds r4, r0, #4\n\t"
                     "adds r5, r0, #5\n\t"
                     "adds r6, r0, #6\n\t"
                     "adds r7, r0, #7\n\t"
                     "add r8, r0, #8\n\t"
                     "add r9, r0, #9\n\t"
                     "add r10, r0, #10\n\t"
                     "add r11, r0, #11\n\t"
                     "mov r12, #200\n\t"
                     "mov lr, #0\n"
                     "1:\n\t"
                     "subs r12, r12, #1\n\t"
                     "bne 1b\n\t"
                     "it ne\n\t" /* Z is still set, whoever ran in between */
                     "addne lr, lr, #1\n\t"
                     "add lr, lr, r1\n\t"
                     "add lr, lr, r2\n\t"
                     "add lr, lr, r3\n\t"
                     "add lr, lr, r4\n\t"
                     "add lr, lr, r5\n\t"
                     "add lr, lr, r6\n\t"
                     "add lr, lr, r7\n\t"
                     "add lr, lr, r8\n\t"
                     "add lr, lr, r9\n\t"
                     "add lr, lr, r10\n\t"
                     "add lr, lr, r11\n\t"
                     "mov r1, #11\n\t"
                     "mul r0, r0, r1\n\t"
                     "sub r0, lr, r0\n\t"
                     "sub r0, r0, #66\n\t" /* 1 + 2 + ... + 11 */
                     "pop {r4-r11, pc}");
}

static void work(void)
{
    for (uint32_t number = 0;; number += 0x01234567) {
        if (changed_registers(number))
            errors++;
        rounds++;
    }
}

static void start_usart(void)
{
    RCC->APB2ENR |= RCC_APB2_IOPA | RCC_APB2_USART1;
    GPIO_MODE(GPIOA->CRH, TX_PIN, GPIO_ALTERNATE);
    USART1->BRR = (HSI_HZ + BAUD / 2) / BAUD;
    USART1->CR1 = USART_CR1_UE | USART_CR1_TE;
}

void main(void)
{
    led_start();
    start_usart();
    kernel_add(&blinker, blink);
    kernel_add(&teller, report);
    kernel_add(&worker, work);
    kernel_run(HSI_HZ);
}
