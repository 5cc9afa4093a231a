# Workers of the head's type are a group of their own.
=== cr.yaml
apiVersion: cluster.ray.io/v1
kind: RayCluster
metadata: {name: demo}
spec:
  maxWorkers: 3
  headPodType: both
  podTypes:
    - name: both
      minWorkers: 1
      maxWorkers: 2
      setupCommands: [echo worker]
      rayResources: {CPU: 0}
      podConfig:
        apiVersion: v1
        kind: Pod
        metadata: {generateName: both-}
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
=== code
2
=== notices
spec.podTypes[0].maxWorkers: the old operator could start workers of the head's type: they are a group of their own
lossy: spec.maxWorkers: 3 workers at most in all groups together: there is no such limit any more, the groups may reach 5 (--clip lowers them)
spec.podTypes[0].setupCommands: runs in the container before `ray start`, each time it starts
left out of podConfig, as raykeeper has them itself or needs them no more: the command that waits
=== want.yaml
apiVersion: ray.io/v1
kind: RayCluster
metadata:
  name: demo
spec:
  # from the tag of the head's image
  rayVersion: 2.0.0
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
      # rayResources
      num-cpus: "0"
    template:
      spec:
        containers:
        - name: ray-head
          image: rayproject/ray:2.0.0
          resources:
            requests:
              cpu: "1"
              memory: 1Gi
            limits:
              cpu: "1"
              memory: 1Gi
  workerGroupSpecs:
  # workers of the head's type
  - groupName: both
    replicas: 1
    minReplicas: 1
    maxReplicas: 2
    rayStartParams:
      block: "true"
      # rayResources
      num-cpus: "0"
    template:
      spec:
        containers:
        - name: ray-worker
          image: rayproject/ray:2.0.0
          resources:
            requests:
              cpu: "1"
              memory: 1Gi
            limits:
              cpu: "1"
              memory: 1Gi
          command:
          - echo worker
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
          image: rayproject/ray:2.0.0
          resources:
            requests:
              cpu: "1"
              memory: 1Gi
            limits:
              cpu: "1"
              memory: 1Gi
