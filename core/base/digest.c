/* Digests by libcrypto, randomness by the kernel, and the text forms of bytes. */
#include "core/base/digest.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/evp.h>

#include "core/base/err.h"

void rk_sha256(const void *p, size_t n, uint8_t out[RK_SHA256_LEN])
{
    unsigned len = 0;
    int ok = EVP_Digest(p, n, out, &len, EVP_sha256(), NULL);
    assert(ok == 1 &&
           len == RK_SHA256_LEN); /* fails only when memory is gone or the library is broken */
    (void)ok;
}

void rk_base32hex(const uint8_t *p, size_t n, char *out)
{
    static const char alphabet[] = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
    unsigned acc = 0, bits = 0;
    for (size_t i = 0; i < n; i++) {
        acc = (acc << 8 | p[i]) & 0xFFF;
        for (bits += 8; bits >= 5; bits -= 5)
            *out++ = alphabet[acc >> (bits - 5) & 31];
    }
    if (bits)
        *out++ = alphabet[acc << (5 - bits) & 31];
    *out = '\0';
}

void rk_base64(const uint8_t *p, size_t n, char *out)
{
    assert(n <= INT_MAX / 2);
    int len = EVP_EncodeBlock((unsigned char *)out, p, (int)n);
    assert(len >= 0);
    out[len] = '\0';
}

static int base64_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* By hand, because libcrypto's decoder wants exact padding and silently stops at a '-'. */
int rk_base64_decode(const char *p, size_t n, uint8_t *out, size_t *ret_len)
{
    uint32_t acc = 0;
    size_t symbols = 0, pads = 0, len = 0;
    for (size_t i = 0; i < n; i++) {
        if (is_space(p[i]))
            continue;
        if (p[i] == '=') {
            pads++;
            continue;
        }
        int v = base64_value(p[i]);
        if (v < 0 || pads)
            return RK_E_INVAL;
        acc = (acc << 6 | (uint32_t)v) & 0xFFFFFF;
        /* Symbol 2, 3 and 4 of each four complete a byte. */
        if (symbols++ % 4) {
            size_t spare = 6 - 2 * ((symbols - 1) % 4);
            out[len++] = (uint8_t)(acc >> spare);
        }
    }
    if (symbols % 4 == 1 || (pads && (symbols + pads) % 4) || pads > 2)
        return RK_E_INVAL;
    *ret_len = len;
    return 0;
}

int rk_random(void *p, size_t n)
{
    unsigned char *at = p;
    while (n) {
        ssize_t got = getrandom(at, n, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return RK_E_IO;
        at += got;
        n -= (size_t)got;
    }
    return 0;
}

/* The seed spread over 64 bits anew for each character; names depend on it, so it never changes. */
static uint64_t spread(uint64_t x)
{
    x ^= x >> 30;
    x *= 0xBF58476D1CE4E5B9u;
    x ^= x >> 27;
    x *= 0x94D049BB133111EBu;
    return x ^ x >> 31;
}

void rk_suffix(uint64_t seed, char *out, size_t n)
{
    static const char alphabet[] = "bcdfghjklmnpqrstvwxz2456789";
    for (size_t i = 0; i < n; i++)
        out[i] = alphabet[spread(seed + (i + 1) * 0x9E3779B97F4A7C15u) % (sizeof alphabet - 1)];
    out[n] = '\0';
}
