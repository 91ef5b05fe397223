/* Digests through OpenSSL: md5 of text and bytea, as hexadecimal text; the SHA-2 family of bytea.
 */
#include <openssl/evp.h>

#include "functions/kernel.h"

static Status md5(const KernelCall *call, Error *err) {
    static const char digits[] = "0123456789abcdef";

    KERNEL_FOR_EACH(call, row) {
        const TextView *view = kernel_text(call, 0, row);
        unsigned char digest[EVP_MAX_MD_SIZE];
        char text[2 * EVP_MAX_MD_SIZE];
        unsigned length = 0;

        if (EVP_Digest(text_data(view), view->length, digest, &length, EVP_md5(), NULL) != 1)
            return error_set(err, INTERNAL_ERROR, "could not compute MD5 hash");
        for (unsigned i = 0; i < length; i++) {
            text[2 * i] = digits[digest[i] >> 4];
            text[2 * i + 1] = digits[digest[i] & 15];
        }
        TRY(kernel_put_text(call, row, text, (size_t) length * 2, err));
    }
    return STATUS_OK;
}

static Status put_digests(const KernelCall *call, const EVP_MD *kind, Error *err) {
    KERNEL_FOR_EACH(call, row) {
        const TextView *view = kernel_text(call, 0, row);
        unsigned char digest[EVP_MAX_MD_SIZE];
        unsigned length = 0;

        if (EVP_Digest(text_data(view), view->length, digest, &length, kind, NULL) != 1)
            return error_set(err, INTERNAL_ERROR, "could not compute a SHA-2 hash");
        TRY(kernel_put_text(call, row, (const char *) digest, length, err));
    }
    return STATUS_OK;
}

#define DEFINE_DIGEST(name)                                  \
    static Status name(const KernelCall *call, Error *err) { \
        return put_digests(call, EVP_##name(), err);         \
    }

DEFINE_DIGEST(sha224)
DEFINE_DIGEST(sha256)
DEFINE_DIGEST(sha384)
DEFINE_DIGEST(sha512)

static const Function digest_functions[] = {
    {"md5", md5, TYPE_TEXT, 1, {TYPE_TEXT}},
    {"md5", md5, TYPE_TEXT, 1, {TYPE_BYTEA}},
    {"sha224", sha224, TYPE_BYTEA, 1, {TYPE_BYTEA}},
    {"sha256", sha256, TYPE_BYTEA, 1, {TYPE_BYTEA}},
    {"sha384", sha384, TYPE_BYTEA, 1, {TYPE_BYTEA}},
    {"sha512", sha512, TYPE_BYTEA, 1, {TYPE_BYTEA}},
};

const FunctionFamily family_digest = {FAMILY_FUNCTIONS(digest_functions)};
