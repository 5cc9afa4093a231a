# Targets that are names of ports.
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
              ports:
                - {containerPort: 8888, name: web}
                - {containerPort: 6379}
                - {containerPort: 10001, name: client}
                - {containerPort: 8265}
                - {containerPort: 8000, name: ray-serve}
                - {containerPort: 9999, protocol: UDP}
    - name: small
      minWorkers: 0
      maxWorkers: 3
      podConfig:
        apiVersion: v1
        kind: Pod
        metadata: {generateName: small-}
        spec:
          containers:
            - name: ray-node
              image: rayproject/ray:2.0.0
              command: [/bin/bash, -c, --]
              args: ['trap : TERM INT; sleep infinity & wait;']
              resources:
                requests: {cpu: '1', memory: 1Gi}
                limits: {cpu: '1', memory: 1Gi}
  headServicePorts:
    - {name: notebook, port: 8888, targetPort: web}
    - {name: entry, port: 80, targetPort: ray-serve}
    - {name: far, port: 81, targetPort: nowhere}
