# Setups that are a comment alone, and one that ends in a backslash, leave a line that a shell can read.
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
              image: rayproject/ray:2.9.0
              command: [/bin/bash, -c, --]
              args: ['trap : TERM INT; sleep infinity & wait;']
              resources:
                requests: {cpu: '1', memory: 1Gi}
                limits: {cpu: '1', memory: 1Gi}
    - name: small
      minWorkers: 0
      maxWorkers: 3
      setupCommands: ["# packages", "pip install x \\", "# a\n# b\n"]
      podConfig:
        apiVersion: v1
        kind: Pod
        metadata: {generateName: small-}
        spec:
          containers:
            - name: ray-node
              image: rayproject/ray:2.9.0
              command: [/bin/bash, -c, --]
              args: ['trap : TERM INT; sleep infinity & wait;']
              resources:
                requests: {cpu: '1', memory: 1Gi}
                limits: {cpu: '1', memory: 1Gi}
=== code
0
=== notices
spec.podTypes[1].setupCommands: runs in the container before `ray start`, each time it starts
left out of podConfig, as raykeeper has them itself or needs them no more: the command that waits
=== want.yaml
apiVersion: ray.io/v1
kind: RayCluster
metadata:
  name: demo
spec:
  # from the tag of the head's image
  rayVersion: 2.9.0
  enableInTreeAutoscaling: true
  autoscalerOptions:
    # the old operator's 5 minutes; left out it would be 1
    idleTimeoutSeconds: 300
    # upscalingSpeed: Conservative is 1, Default knows no limit
    upscalingMode: Conservative
  headGroupSpec:
    serviceType: ClusterIP
    rayStartParams:
      dashboard-host: 0.0.0.0
      block: "true"
    template:
      spec:
        containers:
        - name: ray-head
          image: rayproject/ray:2.9.0
          resources:
            requests:
              cpu: "1"
              memory: 1Gi
            limits:
              cpu: "1"
              memory: 1Gi
  workerGroupSpecs:
  - groupName: small
    replicas: 0
    minReplicas: 0
    maxReplicas: 3
    rayStartParams:
      block: "true"
    template:
      spec:
        containers:
        - name: ray-worker
          image: rayproject/ray:2.9.0
          resources:
            requests:
              cpu: "1"
              memory: 1Gi
            limits:
              cpu: "1"
              memory: 1Gi
          command:
          - true && pip install x && true
