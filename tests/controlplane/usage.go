package main

const usage = `usage: cp COMMAND DIR ...

DIR holds everything of one control plane: state, keys, logs, data.

  up DIR [--nodes N] [--audit-policy FILE|default|metadata] [--port P] [--bare]
                          start one; returns when all of it works
  down DIR [--wipe]       stop it; --wipe also removes its files
  wait DIR                return when pods start and garbage is collected (again)
  status DIR              one line per component; exit 1 if one is not well
  env DIR                 KEY=VALUE lines: addresses, files, ports, pids
  kubectl DIR ARGS...     kubectl as the administrator

  stop DIR COMPONENT      end one component (at most 2 s of grace)
  start DIR COMPONENT     start it again: same port, same data; returns when ready
  restart DIR COMPONENT   stop and start
  pause DIR COMPONENT     freeze it (SIGSTOP)
  resume DIR COMPONENT    let it go on (SIGCONT)
                          COMPONENT: etcd apiserver controller-manager scheduler kwok
  compact DIR             compact etcd at its current revision

  serviceaccount DIR NAMESPACE NAME [--out FILE] [--duration 24h]
                          make it if missing; its kubeconfig goes to FILE or stdout
  load DIR --clusters N --workers W [--inflight 32] [--namespace NS] [--http2] [--rayclusters]
                          create the objects of N Ray clusters, or, with --rayclusters,
                          N RayCluster objects; prints JSON

The embedded programs answer to their own names: etcd, kube-apiserver,
kube-controller-manager, kube-scheduler, kubelet, kube-proxy, kwok.
`
