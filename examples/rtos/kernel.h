/*
 * A kernel of threads: pre-emptive, round robin, one millisecond a turn. Threads run unprivileged on stacks
 * of their own (PSP) and ask for everything by supervisor calls; SysTick counts, PendSV switches.
 */
#pragma once

#include <stdint.h>

enum { THREAD_STACK_WORDS = 128 };

struct thread {
    uint32_t *sp; /* while it does not run: its registers are there */
    struct thread *next;
    uint32_t sleeps;             /* milliseconds still to sleep */
    struct semaphore *waits_for; /* NULL: nothing */
    _Alignas(8) uint32_t stack[THREAD_STACK_WORDS];
};

struct semaphore {
    uint32_t count;
};

/* Before kernel_run(). The thread must not return. */
void kernel_add(struct thread *thread, void (*code)(void));
/* Runs them; the clock is what a millisecond is counted from. Does not return: it becomes the idle thread. */
_Noreturn void kernel_run(uint32_t clock_hz);

/* For threads. */
void thread_sleep(uint32_t milliseconds);
void semaphore_give(struct semaphore *semaphore);
void semaphore_take(struct semaphore *semaphore);
