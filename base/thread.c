#include "base/thread.h"

#include <signal.h>
#include <stddef.h>

#include "base/status.h"

enum { SIGNAL_STACK_BYTES = 32 << 10 };

static _Thread_local char signal_stack[SIGNAL_STACK_BYTES];

void thread_begin(void) {
    stack_t stack;

    if (sigaltstack(NULL, &stack) || !(stack.ss_flags & SS_DISABLE))
        return;
    stack = (stack_t) {.ss_sp = signal_stack, .ss_size = sizeof(signal_stack)};
    (void) sigaltstack(&stack, NULL); /* without one the handler runs where it can */
}
