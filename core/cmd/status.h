/* What `raykeeper status` reads, and how it tells it to people. Internal to cmd/. */
#ifndef RK_CMD_STATUS_H
#define RK_CMD_STATUS_H

#include "core/base/buf.h"
#include "core/json/json.h"

/* The document of /debug/state as text: the first line says how it is in words. What is missing in the document is left out.
 * Control characters in its texts become spaces, in the document too. */
void rk_status_text(cJSON *doc, struct rk_buf *out);

#endif
