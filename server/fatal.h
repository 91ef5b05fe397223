/* Fatal signals: a death that leaves a line.
 *
 * SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT: one line on standard error with the signal, the address
 * and the callers, then the signal again, so that the exit status and the core tell the same.
 * Signals of a write that can't be (SIGPIPE, SIGXFSZ) are ignored: the write's error says it. */
#pragma once

/* Call once in main, before any thread. A handler that is there already, of a sanitizer, stays. */
void fatal_signals_init(void);
