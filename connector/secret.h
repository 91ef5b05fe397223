/* Secret: a value that is stored encrypted, and opened only where it is used.
 *
 * CREATE SECRET seals the value with AES-256-GCM; the sealed text is what the catalog keeps, and
 * what an option that refers to the secret holds in memory. The key is a file of 64 hexadecimal
 * digits that only its owner may read, made when the first secret is; the vault reads it at each
 * use, so that neither key nor values stay in memory. Sealed values carry the time at which they
 * were made: an option opens the newest of the one it was bound with and the one that is committed
 * now, so ALTER SECRET reaches a running stream when it connects next. */
#pragma once

#include <stdint.h>

#include "base/status.h"
#include "base/strbuf.h"

typedef struct SecretVault SecretVault; /* shared by threads; one per server */

/* What `option = SECRET s` refers to. */
typedef struct SecretReference {
    int64_t id; /* of the catalog's object */
    const char *name;
    const char *sealed; /* at the time of binding */
} SecretReference;

/* Append the sealed text that is committed now; false: there is none. Any thread. */
typedef bool (*SecretNewest)(void *data, int64_t id, StrBuf *sealed);

SecretVault *secret_vault_create(const char *key_path, SecretNewest newest, void *data);
SecretVault *secret_vault_destroy(SecretVault *vault); /* NULL is fine */

/* Append the sealed text. A key that is not there is made when `may_make_key`; else 58P01. */
MUST_USE Status secret_seal(const SecretVault *vault, const char *plain, bool may_make_key,
                            StrBuf *sealed, Error *err);
/* Append the value, to be wiped by the caller. 55000 when the key is missing or another one. */
MUST_USE Status secret_open(const SecretVault *vault, const SecretReference *reference,
                            StrBuf *plain, Error *err);
bool secret_is_sealed(const char *text); /* by its form */
void secret_wipe(StrBuf *plain);         /* zeros, then strbuf_done() */
