# A list as kubectl prints it: every RayCluster of it, the rest is told.
=== list.yaml
apiVersion: v1
kind: List
items:
  - apiVersion: cluster.ray.io/v1
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
  - apiVersion: cluster.ray.io/v1
    kind: RayCluster
    metadata: {name: other, namespace: team}
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
  - apiVersion: v1
    kind: Service
    metadata: {name: x}
