/* service: what its files share. */
#ifndef SERVICE_H
#define SERVICE_H

#include <raykeeper/ray.h>

struct service {
    uint8_t cluster_ip;
};

/* ports.c: adds the ports that the Service has not */
int32_t service_ports(const rk_api *rk, rk_pass *ps, rk_obj *svc);

#endif
