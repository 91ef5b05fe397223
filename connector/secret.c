#include "connector/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hex.h"
#include "base/memory.h"
#include "store/file.h"

/* Sealed: "v1:" and, in hexadecimal, the time (8 bytes, microseconds, big-endian), the nonce, the
 * cipher text, the tag. Version and time are authenticated too. */
enum {
    KEY_SIZE = 32,
    TIME_SIZE = 8,
    NONCE_SIZE = 12,
    TAG_SIZE = 16,
    HEAD_SIZE = TIME_SIZE + NONCE_SIZE,
    VALUE_SIZE_MAX = 1 << 16,
};

static const char prefix[] = "v1:";

struct SecretVault {
    char *key_path;
    SecretNewest newest;
    void *data;
};

SecretVault *secret_vault_create(const char *key_path, SecretNewest newest, void *data) {
    SecretVault *vault = memory_zalloc(sizeof(*vault));

    vault->key_path = memory_strdup(key_path);
    vault->newest = newest;
    vault->data = data;
    return vault;
}

SecretVault *secret_vault_destroy(SecretVault *vault) {
    if (vault) {
        memory_free(vault->key_path);
        memory_free(vault);
    }
    return NULL;
}

void secret_wipe(StrBuf *plain) {
    if (plain->data)
        OPENSSL_cleanse(plain->data, plain->capacity);
    strbuf_done(plain);
}

static void append_hex(StrBuf *out, const uint8_t *bytes, size_t size) {
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < size; i++) {
        strbuf_append_char(out, digits[bytes[i] >> 4]);
        strbuf_append_char(out, digits[bytes[i] & 15]);
    }
}

static bool read_hex(const char *text, uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < size; i++) {
        int high = hex_digit(text[2 * i]);
        int low = high < 0 ? -1 : hex_digit(text[2 * i + 1]);

        if (low < 0)
            return false;
        bytes[i] = (uint8_t) (high << 4 | low);
    }
    return true;
}

/* -------- the key -------- */

static Status make_key(const SecretVault *vault, Error *err) {
    uint8_t key[KEY_SIZE];
    char path[PATH_MAX];
    StrBuf text = {0};
    int fd;
    Status status;

    snprintf(path, sizeof(path), "%s.tmp", vault->key_path);
    if (RAND_bytes(key, sizeof(key)) != 1)
        return error_set(err, INTERNAL_ERROR, "could not draw random bytes for a key");
    fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return error_errno(err, errno, "could not make key file \"%s\"", path);
    append_hex(&text, key, sizeof(key));
    strbuf_append_char(&text, '\n');
    status = file_write_all(fd, path, text.data, text.length, err);
    if (status == STATUS_OK)
        status = file_sync_data(fd, path, err);
    close(fd);
    if (status == STATUS_OK)
        status = file_rename_durably(path, vault->key_path, err);
    OPENSSL_cleanse(key, sizeof(key));
    secret_wipe(&text);
    return status;
}

static Status key_is_missing(const SecretVault *vault, Error *err) {
    error_set(err, UNDEFINED_FILE, "key file \"%s\" is missing", vault->key_path);
    return error_hint(err, "Put it back, or drop the secrets and create them anew.");
}

static Status read_key(const SecretVault *vault, uint8_t *key, Error *err) {
    char text[2 * KEY_SIZE + 2];
    struct stat info;
    ssize_t size;
    int fd = open(vault->key_path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 && errno == ENOENT)
        return key_is_missing(vault, err);
    if (fd < 0)
        return error_errno(err, errno, "could not open key file \"%s\"", vault->key_path);
    if (fstat(fd, &info) == 0 && (info.st_mode & 077)) {
        close(fd);
        error_set(err, INSUFFICIENT_PRIVILEGE, "key file \"%s\" has group or world access",
                  vault->key_path);
        return error_hint(err, "chmod 600 %s", vault->key_path);
    }
    size = read(fd, text, sizeof(text));
    close(fd);
    if ((size == 2 * KEY_SIZE || (size == 2 * KEY_SIZE + 1 && text[2 * KEY_SIZE] == '\n')) &&
        read_hex(text, key, KEY_SIZE)) {
        OPENSSL_cleanse(text, sizeof(text));
        return STATUS_OK;
    }
    OPENSSL_cleanse(text, sizeof(text));
    error_set(err, DATA_CORRUPTED, "key file \"%s\" is not %d hexadecimal digits", vault->key_path,
              2 * KEY_SIZE);
    return error_hint(err, "openssl rand -hex %d makes such a file.", KEY_SIZE);
}

/* -------- sealing -------- */

/* `cipher` has room for the value; `tag` follows. False: OpenSSL failed. */
static bool encrypt(const uint8_t *key, const uint8_t *head, const char *plain, int size,
                    uint8_t *cipher) {
    EVP_CIPHER_CTX *cx = EVP_CIPHER_CTX_new();
    int length = 0;
    bool is_done =
        cx && EVP_EncryptInit_ex(cx, EVP_aes_256_gcm(), NULL, key, head + TIME_SIZE) == 1 &&
        EVP_EncryptUpdate(cx, NULL, &length, (const uint8_t *) prefix, sizeof(prefix)) == 1 &&
        EVP_EncryptUpdate(cx, NULL, &length, head, TIME_SIZE) == 1 &&
        EVP_EncryptUpdate(cx, cipher, &length, (const uint8_t *) plain, size) == 1 &&
        EVP_EncryptFinal_ex(cx, cipher + length, &length) == 1 &&
        EVP_CIPHER_CTX_ctrl(cx, EVP_CTRL_GCM_GET_TAG, TAG_SIZE, cipher + size) == 1;

    EVP_CIPHER_CTX_free(cx);
    return is_done;
}

/* False: not sealed with this key, or changed since. */
static bool decrypt(const uint8_t *key, const uint8_t *head, const uint8_t *cipher, int size,
                    uint8_t *plain) {
    EVP_CIPHER_CTX *cx = EVP_CIPHER_CTX_new();
    uint8_t tag[TAG_SIZE];
    int length = 0;
    bool is_done;

    memcpy(tag, cipher + size, TAG_SIZE);
    is_done = cx && EVP_DecryptInit_ex(cx, EVP_aes_256_gcm(), NULL, key, head + TIME_SIZE) == 1 &&
              EVP_DecryptUpdate(cx, NULL, &length, (const uint8_t *) prefix, sizeof(prefix)) == 1 &&
              EVP_DecryptUpdate(cx, NULL, &length, head, TIME_SIZE) == 1 &&
              EVP_DecryptUpdate(cx, plain, &length, cipher, size) == 1 &&
              EVP_CIPHER_CTX_ctrl(cx, EVP_CTRL_GCM_SET_TAG, TAG_SIZE, tag) == 1 &&
              EVP_DecryptFinal_ex(cx, plain + length, &length) == 1;
    EVP_CIPHER_CTX_free(cx);
    return is_done;
}

static void put_time(uint8_t *bytes, int64_t time_us) {
    for (int i = 0; i < TIME_SIZE; i++)
        bytes[i] = (uint8_t) ((uint64_t) time_us >> (56 - 8 * i));
}

Status secret_seal(const SecretVault *vault, const char *plain, bool may_make_key, StrBuf *sealed,
                   Error *err) {
    uint8_t key[KEY_SIZE], head[HEAD_SIZE];
    size_t size = strlen(plain);
    StrBuf cipher = {0};
    bool is_done;

    if (size == 0 || size > VALUE_SIZE_MAX)
        return error_set(err, INVALID_PARAMETER, "a secret has 1 to %d bytes", VALUE_SIZE_MAX);
    if (may_make_key && !file_exists(vault->key_path))
        TRY(make_key(vault, err));
    TRY(read_key(vault, key, err));
    put_time(head, context_real.wall_us(&context_real));
    strbuf_reserve(&cipher, size + TAG_SIZE);
    is_done = RAND_bytes(head + TIME_SIZE, NONCE_SIZE) == 1 &&
              encrypt(key, head, plain, (int) size, (uint8_t *) cipher.data);
    OPENSSL_cleanse(key, sizeof(key));
    if (is_done) {
        strbuf_append_text(sealed, prefix);
        append_hex(sealed, head, sizeof(head));
        append_hex(sealed, (const uint8_t *) cipher.data, size + TAG_SIZE);
    }
    strbuf_done(&cipher);
    return is_done ? STATUS_OK : error_set(err, INTERNAL_ERROR, "could not encrypt the secret");
}

/* The bytes behind the prefix; 0: no sealed text. */
static size_t sealed_size(const char *text) {
    size_t length = strlen(text);

    if (strncmp(text, prefix, strlen(prefix)) != 0 || (length - strlen(prefix)) % 2)
        return 0;
    length = (length - strlen(prefix)) / 2;
    return length > HEAD_SIZE + TAG_SIZE && length <= HEAD_SIZE + TAG_SIZE + VALUE_SIZE_MAX ? length
                                                                                            : 0;
}

bool secret_is_sealed(const char *text) {
    text += sealed_size(text) ? strlen(prefix) : strlen(text);
    return *text && strspn(text, "0123456789abcdef") == strlen(text);
}

/* The time is in front and has a fixed width, so texts are in the order of time. */
static bool is_newer(const char *sealed, const char *than) {
    return strncmp(sealed, than, strlen(prefix) + (size_t) 2 * TIME_SIZE) > 0;
}

static Status open_text(const SecretVault *vault, const char *name, const char *sealed,
                        StrBuf *plain, Error *err) {
    uint8_t key[KEY_SIZE];
    size_t size = sealed_size(sealed);
    StrBuf bytes = {0};
    uint8_t *head = (uint8_t *) strbuf_reserve(&bytes, size + 1);
    bool is_done = size > 0 && read_hex(sealed + strlen(prefix), head, size);
    Status status = STATUS_OK;

    if (!is_done) {
        status = error_set(err, DATA_CORRUPTED, "secret \"%s\" is damaged", name);
    } else if (read_key(vault, key, err) != STATUS_OK) {
        status = error_context(err, "secret \"%s\"", name);
    } else {
        size -= HEAD_SIZE + TAG_SIZE;
        is_done = decrypt(key, head, head + HEAD_SIZE, (int) size,
                          (uint8_t *) strbuf_reserve(plain, size + 1));
        OPENSSL_cleanse(key, sizeof(key));
        if (is_done) {
            plain->length += size;
            plain->data[plain->length] = '\0';
        } else {
            error_set(err, OBJECT_NOT_IN_PREREQUISITE_STATE,
                      "secret \"%s\" was not sealed with the key of \"%s\"", name, vault->key_path);
            status = error_hint(err, "Give it a value: ALTER SECRET %s AS '…'.", name);
        }
    }
    strbuf_done(&bytes);
    return status;
}

Status secret_open(const SecretVault *vault, const SecretReference *reference, StrBuf *plain,
                   Error *err) {
    StrBuf newest = {0};
    const char *sealed = reference->sealed;
    Status status;

    if (vault->newest && vault->newest(vault->data, reference->id, &newest) &&
        is_newer(newest.data, sealed))
        sealed = newest.data;
    status = open_text(vault, reference->name, sealed, plain, err);
    strbuf_done(&newest);
    return status;
}
