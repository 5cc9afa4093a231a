/* What the files of the cut-over share. */
#ifndef RK_PLUGIN_LEGACY_CUT_H
#define RK_PLUGIN_LEGACY_CUT_H

#include "live.h"

#define LG_DEPLOYMENT "apps/v1/Deployment"

struct cut {
    const rk_api *rk;
    rk_pass *ps;
    const struct lg_how *how;
    const rk_json *live;
    const char *ns; /* "" = all */
};

/* cutover.c */
const rk_json *lg_cut_all(const struct cut *c, const char *gvk);
int lg_cut_scope(const struct cut *c, const rk_json *o);
const char *lg_cut_meta(const struct cut *c, const rk_json *o, const char *key);
const char *lg_cut_full(const struct cut *c, const rk_json *o); /* namespace/name */
int32_t lg_cut_step(const struct cut *c, uint32_t verb, const char *title, const char *gvk,
                    const char *plural, const rk_json *o, const rk_json *body);

/* cutstop.c: no old operator any more */
int32_t lg_cut_stop(const struct cut *c);

#endif
