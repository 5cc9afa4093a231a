# Ports of containers: usual ones go, as the operator opens them; others stay. Workers' are in no Service.
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
    - name: a
      maxWorkers: 3
      podConfig:
        apiVersion: v1
        kind: Pod
        metadata: {generateName: a-}
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
                - {containerPort: 6379}
                - {containerPort: 10001}
                - {containerPort: 8265, hostPort: 8265}
                - {containerPort: 9100, name: exporter}
