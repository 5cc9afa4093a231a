/* Shared inside creds*.c only: creds.c keeps what was found fresh, creds_load.c finds it. */
#ifndef RK_KUBE_CREDS_ROOM_H
#define RK_KUBE_CREDS_ROOM_H

#include "core/kube/creds.h"

#define RK__CREDS_FILE_MAX ((size_t)1 << 20)

/* Whole file, NUL-terminated, at most RK__CREDS_FILE_MAX bytes; to be wiped and freed. RK_E_NOENT,
 * RK_E_IO, RK_E_LIMIT. */
int rk__creds_read(const char *file, char **ret, size_t *ret_n, struct rk_err *err);
void rk__creds_drop(char **secret); /* wipe, free, NULL */
/* A token without white space at its ends; RK_E_INVAL when nothing is left, or characters that no
 * header may hold. In place. */
int rk__creds_token(char *text, struct rk_err *err);
/* At least one certificate, and nothing half-written. */
int rk__creds_check_ca(const char *pem, size_t n, struct rk_err *err);
/* The certificate parses and the key belongs to it. */
int rk__creds_check_pair(const char *cert, size_t cert_n, const char *key, size_t key_n,
                         struct rk_err *err);
/* The first look at all files; a problem is an error here. `field` texts of the messages:
 * "users[me].user.tokenFile" ... */
struct rk__creds_fields {
    const char *ca, *cert, *key, *token;
};
int rk__creds_first(struct rk_creds *c, const char *file, const struct rk__creds_fields *f,
                    struct rk_err *err);
/* In-cluster, from a directory laid out as a service account's mount. */
int rk__creds_in_cluster(const char *dir, struct rk_creds **ret, struct rk_err *err);

#endif
