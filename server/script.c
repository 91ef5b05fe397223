/* Scripts: `millrace -f FILE`. */
#include "server/session.h"

int server_run_script(Server *server, const char *path) {
    return 1;
}
