/* Digests and randomness, by libcrypto and the kernel. */
#ifndef RK_BASE_DIGEST_H
#define RK_BASE_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#define RK_SHA256_LEN 32
void rk_sha256(const void *p, size_t n, uint8_t out[RK_SHA256_LEN]);
/* base32hex (0-9A-V), no padding; out needs (n*8+4)/5 + 1 bytes. */
void rk_base32hex(const uint8_t *p, size_t n, char *out);
/* Standard base64 with padding; out needs 4*((n+2)/3) + 1 bytes. */
void rk_base64(const uint8_t *p, size_t n, char *out);
/* Decode standard base64 (padding optional, white space ignored) into out (n*3/4 + 1 bytes). RK_E_INVAL on junk. */
int rk_base64_decode(const char *p, size_t n, uint8_t *out, size_t *ret_len);
int rk_random(void *p, size_t n); /* getrandom; RK_E_IO when the kernel refuses */
/* n characters of `bcdfghjklmnpqrstvwxz2456789` (the API server's alphabet for suffixes) made from `seed`. out needs n+1 bytes. */
void rk_suffix(uint64_t seed, char *out, size_t n);

#endif
