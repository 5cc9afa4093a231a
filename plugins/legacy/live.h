/* What the live side shares: an object of the old operator is served by a RayCluster of the same name. */
#ifndef RK_PLUGIN_LEGACY_LIVE_H
#define RK_PLUGIN_LEGACY_LIVE_H

#include "legacy.h"

#define LG_SOON_MS 2000                /* an answer is on its way, and may be the same as before */
#define LG_HELD    "raykeeper.io/Held" /* the condition: why nothing is made */

struct legacy { /* options */
    const char *ray_version;
    uint8_t exact, clip, compat_service, old_labels;
};
struct lg_how lg_how_of(const struct legacy *me);

/* guard.c: may anything be made? */
enum lg_hold {
    LG_FREE,
    LG_WAIT,   /* it is being asked */
    LG_ALIVE,  /* the old operator is, or that cannot be known */
    LG_MARKED, /* it has had this object, and has not been cut over */
    LG_TAKEN   /* a RayCluster of this name is somebody else's */
};
struct lg_guard {
    enum lg_hold hold;
    const char *reason, *text; /* of event and condition */
};
struct lg_guard lg_guard(const rk_api *rk, rk_pass *ps);
/* The first part of it: LG_FREE, LG_WAIT or LG_ALIVE. */
struct lg_guard lg_operator(const rk_api *rk, rk_pass *ps, int64_t fresh_ms);
/* Does an operator of this pod and namespace serve `ns`? */
int lg_serves(const rk_api *rk, const rk_json *pod_spec, const char *its_ns, const char *ns);
int lg_has_finalizer(const rk_api *rk, const rk_json *legacy);

/* live.c */
int32_t lg_validate(const rk_api *rk, rk_pass *ps, void *self);
int32_t lg_plan(const rk_api *rk, rk_pass *ps, void *self);
int32_t lg_finalize(const rk_api *rk, rk_pass *ps, void *self);
/* status.c */
int32_t lg_status(const rk_api *rk, rk_pass *ps, void *self);

#endif
