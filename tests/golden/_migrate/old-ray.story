# Ray before 2.0: its autoscaler does not look at GPUs of limits, nor at a head without CPU.
=== cr.yaml
apiVersion: cluster.ray.io/v1
kind: RayCluster
metadata: {name: demo}
spec:
  maxWorkers: 3
  headPodType: head
  podTypes:
    - name: head
      rayResources: {CPU: 0}
      podConfig:
        apiVersion: v1
        kind: Pod
        metadata: {generateName: head-}
        spec:
          containers:
            - name: ray-node
              image: rayproject/ray:1.13.0-py38
              command: [/bin/bash, -c, --]
              args: ['trap : TERM INT; sleep infinity & wait;']
              resources:
                requests: {cpu: '1', memory: 1Gi}
                limits: {cpu: '1', memory: 1Gi}
    - name: a
      maxWorkers: 3
      podConfig:
        apiVersion: v1
        kind: Pod
        metadata: {generateName: a-}
        spec:
          containers:
            - name: ray-node
              image: rayproject/ray:1.13.0-py38
              command: [/bin/bash, -c, --]
              args: ['trap : TERM INT; sleep infinity & wait;']
              resources:
                requests: {cpu: '1', memory: 1Gi}
                limits: {cpu: '1', memory: 1Gi, nvidia.com/gpu: 1}
  idleTimeoutMinutes: 2
  upscalingSpeed: 2
=== code
2
=== notices
lossy: spec.idleTimeoutMinutes: the autoscaler of Ray before 2.0 has 5 minutes whatever is said
lossy: spec.upscalingSpeed: 2: the autoscaler of Ray before 2.0 has 1 whatever is said
lossy: spec.podTypes[0].rayResources: the autoscaler of Ray before 2.0 does not see that the head has no CPU: it counts the limit
left out of podConfig, as raykeeper has them itself or needs them no more: the command that waits
=== want.yaml
apiVersion: ray.io/v1
kind: RayCluster
metadata:
  name: demo
spec:
  # from the tag of the head's image
  rayVersion: 1.13.0
  enableInTreeAutoscaling: true
  autoscalerOptions:
    # idleTimeoutMinutes
    idleTimeoutSeconds: 120
    # upscalingSpeed: Conservative is 1, Default knows no limit
    upscalingMode: Default
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
          image: rayproject/ray:1.13.0-py38
          resources:
            requests:
              cpu: "1"
              memory: 1Gi
            limits:
              cpu: "1"
              memory: 1Gi
  workerGroupSpecs:
  - groupName: a
    replicas: 0
    minReplicas: 0
    maxReplicas: 3
    rayStartParams:
      block: "true"
      # Ray before 2.0 does not look at limits
      num-gpus: "1"
    template:
      spec:
        containers:
        - name: ray-worker
          image: rayproject/ray:1.13.0-py38
          resources:
            requests:
              cpu: "1"
              memory: 1Gi
            limits:
              cpu: "1"
              memory: 1Gi
              nvidia.com/gpu: 1
