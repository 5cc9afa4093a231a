/* Shared inside creds*.c only: creds.c keeps what was found fresh, creds_load.c finds it, creds_exec*.c
 * ask a program for it. */
#ifndef RK_KUBE_CREDS_ROOM_H
#define RK_KUBE_CREDS_ROOM_H

#include "core/json/json.h"
#include "core/kube/creds.h"

#define RK__CREDS_FILE_MAX ((size_t)1 << 20)

/* Whole file, NUL-terminated, at most RK__CREDS_FILE_MAX bytes; to be wiped and freed. RK_E_NOENT,
 * RK_E_IO, RK_E_LIMIT. */
int rk__creds_read(const char *file, char **ret, size_t *ret_n, struct rk_err *err);
void rk__creds_drop(char **secret); /* wipe, free, NULL */
/* What is in *fresh (may be NULL) moves into *slot; true when that differs from what was there. */
bool rk__creds_adopt(char **slot, size_t *slot_n, char **fresh);
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
/* One named entry of a kubeconfig, and where it stands: the start of every message about it. All
 * borrowed from the load. */
struct rk__creds_entry {
    const char *file;
    const cJSON *body; /* the inner object: "cluster", "user" or "context" */
    const char *where; /* "users[me].user" */
};
/* A text member; absent, null and "" are NULL. RK_E_INVAL for other types. */
int rk__creds_text(const struct rk__creds_entry *e, const char *field, const char **ret,
                   struct rk_err *err);
/* A path stands relative to the directory of its kubeconfig. The caller's to free. */
char *rk__creds_beside(const struct rk__creds_entry *e, const char *path);

/* In-cluster, from a directory laid out as a service account's mount. */
int rk__creds_in_cluster(const char *dir, struct rk_creds **ret, struct rk_err *err);

#endif
