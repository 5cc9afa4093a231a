# Values, an old RayCluster and something else in one call.
=== values.yaml
image: rayproject/ray:2.0.0
headPodType: rayHeadType
podTypes:
  rayHeadType: {CPU: 1, memory: 1Gi}
  rayWorkerType: {minWorkers: 2, maxWorkers: 3, CPU: 1, memory: 1Gi}
=== objects.yaml
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
---
apiVersion: v1
kind: ConfigMap
metadata: {name: x}
=== code
2
=== notices
left out of podConfig, as raykeeper has them itself or needs them no more: the command that waits
lossy: objects.yaml:38: a ConfigMap of v1 is not converted: left out
values do not tell the name of the release: --name does; the cluster is called raycluster-example
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
---
apiVersion: ray.io/v1
kind: RayCluster
metadata:
  name: raycluster-example
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
    template:
      spec:
        containers:
        - name: ray-head
          # the chart said imagePullPolicy Always, which is left out: Kubernetes decides by the tag
          image: rayproject/ray:2.0.0
          resources:
            limits:
              cpu: "1"
              memory: 1Gi
            requests:
              cpu: "1"
              memory: 1Gi
  workerGroupSpecs:
  - groupName: rayWorkerType
    replicas: 2
    minReplicas: 2
    maxReplicas: 3
    rayStartParams:
      block: "true"
    template:
      spec:
        containers:
        - name: ray-worker
          image: rayproject/ray:2.0.0
          resources:
            limits:
              cpu: "1"
              memory: 1Gi
            requests:
              cpu: "1"
              memory: 1Gi
