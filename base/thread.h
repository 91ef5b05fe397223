/* Thread: what each of our threads does first. */
#pragma once

/* A stack of its own for signal handlers: when the thread's stack has run out, the line that says
 * so (server/fatal.h) needs another. One that is there already, of a sanitizer, stays. */
void thread_begin(void);
