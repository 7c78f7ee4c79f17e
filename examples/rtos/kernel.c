/* See kernel.h. PM0056 2.3 tells how exceptions stack registers, ARMv7-M ARM B1.5 all of it. */
#include "kernel.h"

#include <stdbool.h>
#include <stddef.h>

#include "chip.h"
#include "startup.h"

/* What an exception pushes, and below it what PendSV does. */
enum { R0, R1, R2, R3, R12, LR, PC, XPSR, FRAME_WORDS, SAVED_WORDS = 8 };
enum { XPSR_THUMB = 1 << 24, CONTROL_NPRIV = 1, CONTROL_SPSEL = 2 };
enum { CALL_SLEEP, CALL_GIVE, CALL_TAKE };
/*
 * Calls and ticks do not interrupt each other, so what they share needs no other care; the switch comes last.
 */
enum { PRIORITY_CALL = 0x80, PRIORITY_TICK = 0x80, PRIORITY_SWITCH = 0xF0 };

static struct thread idle, *running = &idle;

void kernel_add(struct thread *thread, void (*code)(void))
{
    uint32_t *frame = thread->stack + THREAD_STACK_WORDS - FRAME_WORDS;

    frame[LR] = (uint32_t)unexpected;
    frame[PC] = (uint32_t)code & ~1u;
    frame[XPSR] = XPSR_THUMB;
    thread->sp = frame - SAVED_WORDS;
    if (!idle.next)
        idle.next = &idle;
    thread->next = idle.next;
    idle.next = thread;
}

static bool is_ready(const struct thread *thread)
{
    return thread != &idle && thread->sleeps == 0 && !thread->waits_for;
}

/* Takes the stack pointer of the thread that ran, gives that of the one to run. */
__attribute__((used)) static uint32_t *switch_threads(uint32_t *sp)
{
    struct thread *next = running->next;

    running->sp = sp;
    while (next != running && !is_ready(next))
        next = next->next;
    running = is_ready(next) ? next : &idle;
    return running->sp;
}

__attribute__((naked)) void pend_sv(void)
{
    __asm__ volatile("mrs r0, psp\n\t"
                     "stmdb r0!, {r4-r11}\n\t"
                     "push {r4, lr}\n\t"
                     "bl switch_threads\n\t"
                     "pop {r4, lr}\n\t"
                     "ldmia r0!, {r4-r11}\n\t"
                     "msr psp, r0\n\t"
                     "bx lr");
}

static void ask_for_switch(void)
{
    SCB->ICSR = SCB_ICSR_PENDSVSET;
}

void sys_tick(void)
{
    for (struct thread *thread = idle.next; thread != &idle; thread = thread->next)
        if (thread->sleeps)
            thread->sleeps--;
    ask_for_switch();
}

static void give(struct semaphore *semaphore)
{
    struct thread *thread = idle.next;

    while (thread != &idle && thread->waits_for != semaphore)
        thread = thread->next;
    if (thread == &idle)
        semaphore->count++;
    else
        thread->waits_for = NULL;
}

static void take(struct semaphore *semaphore)
{
    if (semaphore->count)
        semaphore->count--;
    else
        running->waits_for = semaphore;
}

/* frame: of the thread that called. The call's number is in the SVC instruction before its PC. */
__attribute__((used)) static void supervise(uint32_t *frame)
{
    const uint8_t *instruction = (const uint8_t *)(frame[PC] - 2);

    switch (*instruction) {
    case CALL_SLEEP: running->sleeps = frame[R0]; break;
    case CALL_GIVE: give((struct semaphore *)frame[R0]); break;
    case CALL_TAKE: take((struct semaphore *)frame[R0]); break;
    default: unexpected();
    }
    ask_for_switch();
}

__attribute__((naked)) void sv_call(void)
{
    __asm__ volatile("mrs r0, psp\n\t"
                     "b supervise");
}

__attribute__((naked)) void thread_sleep(uint32_t milliseconds)
{
    (void)milliseconds;
    __asm__ volatile("svc %0\n\tbx lr" ::"i"(CALL_SLEEP));
}

__attribute__((naked)) void semaphore_give(struct semaphore *semaphore)
{
    (void)semaphore;
    __asm__ volatile("svc %0\n\tbx lr" ::"i"(CALL_GIVE));
}

__attribute__((naked)) void semaphore_take(struct semaphore *semaphore)
{
    (void)semaphore;
    __asm__ volatile("svc %0\n\tbx lr" ::"i"(CALL_TAKE));
}

_Noreturn void kernel_run(uint32_t clock_hz)
{
    SCB->SHPR[1] = (uint32_t)PRIORITY_CALL << 24;
    SCB->SHPR[2] = (uint32_t)PRIORITY_TICK << 24 | PRIORITY_SWITCH << 16;
    __asm__ volatile("cpsid i");
    SYSTICK->LOAD = clock_hz / 1000 - 1;
    SYSTICK->VAL = 0;
    SYSTICK->CTRL = SYSTICK_CTRL_CLKSOURCE | SYSTICK_CTRL_TICKINT | SYSTICK_CTRL_ENABLE;
    /* from here on without a stack frame: it would be on the other stack */
    __asm__ volatile("msr psp, %0\n\t"
                     "msr control, %1\n\t"
                     "isb\n\t"
                     "cpsie i\n\t"
                     "msr control, %2\n\t"
                     "isb\n"
                     "1:\n\t"
                     "wfi\n\t"
                     "b 1b" ::"r"(idle.stack + THREAD_STACK_WORDS),
                     "r"(CONTROL_SPSEL), "r"(CONTROL_SPSEL | CONTROL_NPRIV));
    __builtin_unreachable();
}
