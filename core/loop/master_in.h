/* The master's insides: what master.c and master_lead.c share. */
#ifndef RK_LOOP_MASTER_IN_H
#define RK_LOOP_MASTER_IN_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/poll.h"
#include "core/kube/client.h"
#include "core/kube/events.h"
#include "core/kube/lease.h"
#include "core/kube/rivals.h"
#include "core/loop/child.h"
#include "core/loop/http.h"
#include "core/loop/local.h"
#include "core/loop/options.h"

#define RK_MASTER_EXITS \
    3 /* of the worker within a minute: leadership is given to others for a while */

struct rk_master {
    const struct rk_options *o;
    char *const *worker_argv;
    struct rk_poll *poll;
    struct rk_shared *shared;
    int shared_fd;
    struct rk_child child;
    struct rk_creds *creds;
    struct rk_client *client;
    struct rk_elector *elector; /* NULL: no election */
    struct rk_rivals *rivals;   /* NULL: nobody to look for */
    struct rk_recorder *recorder;
    struct rk_http *health, *state; /* state: of the local socket; NULL = none */
    struct rk_local local;
    int metrics_fd; /* listens for the worker, whichever runs; -1 */
    struct rk_timer tick_timer, start_timer, cut_timer, ask_timer;
    int64_t unable_ms;              /* since when no worker could work; 0 = one can */
    int64_t barred_ms;              /* until then we do not campaign */
    int64_t exits[RK_MASTER_EXITS]; /* with no object in hand */
    int64_t crash_ms;               /* the last end with one */
    enum rk_hang hang;              /* what the worker was killed for, and in which call */
    uint64_t hang_seq;
    int64_t stop_ms, tick_ms,
        grace_ms; /* stop asked; last tick; until then nobody is called hanging */
    bool leads, cutting, stopping, releasing, ended;
    bool giving; /* leadership is given back as soon as the worker writes no more */
    bool idle;   /* the worker said that all its writes are settled */
    enum { RK_HELD_NO, RK_HELD_UNKNOWN, RK_HELD_BY } held; /* by an operator elsewhere */
    int64_t term_ms;                                       /* when we began to lead */
    int64_t born_ms, idle_ms; /* we began; we lead no more (or never did) since then */
    /* the worker was asked how it is, and has not answered yet (0 = not asked); it answered, or was given up */
    int64_t asked_ms, heard_ms;
    uint64_t starts;     /* of workers */
    int64_t ended_ms;    /* when the last one ended; 0 = none did */
    char ended_how[512]; /* and why */
    int64_t beside_ms;   /* since when one lives beside us that is to give way; 0 = none */
    bool open;           /* we lead, and the worker may write */
    char held_by[640];   /* "<namespace> <holder>"; "" */
    char identity[320], holder[320], ns[256];
    int exit_code;
};

/* ---- master_rival.c: operators that are installed in other namespaces ---- */
int rk__master_rivals(struct rk_master *m, struct rk_err *err);
/* Sets m->held and tells what changed. Called before anything is decided. */
void rk__master_look_around(struct rk_master *m, int64_t now);
/* Was somebody looked for since this term began, and is nobody there? Then the gate may open. */
bool rk__master_alone(const struct rk_master *m);

/* ---- master_lead.c ---- */
int rk__master_election(struct rk_master *m, struct rk_err *err);
/* Campaign while the worker can work, give leadership back when it cannot for 30 s. Called each tick and at each change. */
void rk__master_want(struct rk_master *m);

/* ---- master_health.c: /healthz and /readyz ---- */
struct rk__check {
    const char *name;
    bool ok;
    char text[RK_SHARED_TEXT + 640]; /* why not; or how, "" = there is nothing to say */
};
enum {
    RK__CHECK_LEASE,  /* of /healthz */
    RK__CHECK_STOP,   /* from here on of /readyz */
    RK__CHECK_WORKER, /* runs, and its loop turns */
    RK__CHECK_WATCHES,
    RK__CHECK_NAMESPACES, /* never fails */
    RK__CHECK_LEADERSHIP, /* never fails: not to lead is no fault */
    RK__CHECKS
};
/* Fills ret[RK__CHECKS]. True: all well. */
bool rk__master_checks(const struct rk_master *m, struct rk__check *ret);
/* In words, for a first line: "leading", or what is wrong. */
void rk__master_words(const struct rk_master *m, const struct rk__check *checks, char *out,
                      size_t size);
/* The worker's loop has not turned since then; 0 = it does, or none runs, or we cannot say. */
int64_t rk__master_silent_since(const struct rk_master *m, int64_t now);
unsigned rk__master_page(void *master, const struct rk_http_ask *ask,
                         struct rk_buf *text); /* rk_http_page */

/* ---- master_state.c: /debug/state on the local socket ---- */
/* Without its directory, or where another listens: told in the log, and no failure. */
void rk__master_state_open(struct rk_master *m);
void rk__master_state_close(struct rk_master *m);
void rk__master_state_told(struct rk_master *m); /* the worker has answered, or is gone */

#endif
