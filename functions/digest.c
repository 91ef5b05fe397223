/* Digests through OpenSSL: md5 of text. */
#include <openssl/evp.h>

#include "functions/kernel.h"

static Status text_md5(const KernelCall *call, Error *err) {
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

static const Function digest_functions[] = {
    {"md5", text_md5, TYPE_TEXT, 1, {TYPE_TEXT}},
};

const FunctionFamily family_digest = {FAMILY_FUNCTIONS(digest_functions)};
