# Every way to wait for the old operator goes: Ray would wait for its end.
=== cr.yaml
apiVersion: cluster.ray.io/v1
kind: RayCluster
metadata: {name: demo}
spec:
  maxWorkers: 3
  headPodType: head
  podTypes:
    - name: head
      podConfig:
        apiVersion: v1
        kind: Pod
        metadata: {generateName: head-}
        spec:
          containers:
            - name: ray-node
              image: rayproject/ray:2.0.0
              command: [/bin/bash, -c, --]
              args: ['trap : TERM INT; sleep infinity & wait;']
              resources:
                requests: {cpu: '1', memory: 1Gi}
                limits: {cpu: '1', memory: 1Gi}
    - name: a
      maxWorkers: 1
      podConfig:
        apiVersion: v1
        kind: Pod
        metadata: {generateName: a-}
        spec:
          containers:
            - name: ray-node
              image: rayproject/ray:2.0.0
              resources:
                requests: {cpu: '1', memory: 1Gi}
                limits: {cpu: '1', memory: 1Gi}
              command: [sleep, infinity]
    - name: b
      maxWorkers: 1
      podConfig:
        apiVersion: v1
        kind: Pod
        metadata: {generateName: b-}
        spec:
          containers:
            - name: ray-node
              image: rayproject/ray:2.0.0
              resources:
                requests: {cpu: '1', memory: 1Gi}
                limits: {cpu: '1', memory: 1Gi}
              command: [/bin/sh, -c, tail -f /dev/null]
    - name: c
      maxWorkers: 1
      podConfig:
        apiVersion: v1
        kind: Pod
        metadata: {generateName: c-}
        spec:
          containers:
            - name: ray-node
              image: rayproject/ray:2.0.0
              resources:
                requests: {cpu: '1', memory: 1Gi}
                limits: {cpu: '1', memory: 1Gi}
              args: [/usr/bin/tail, -f, /dev/null]
    - name: d
      maxWorkers: 1
      podConfig:
        apiVersion: v1
        kind: Pod
        metadata: {generateName: d-}
        spec:
          containers:
            - name: ray-node
              image: rayproject/ray:2.0.0
              resources:
                requests: {cpu: '1', memory: 1Gi}
                limits: {cpu: '1', memory: 1Gi}
              command: [bash, -lc]
              args: [while true; do sleep 10; done]
