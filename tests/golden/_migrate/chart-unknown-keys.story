# What the chart did not know is told, each by its place: no annotations, no environment, no affinity.
=== values.yaml
image: rayproject/ray:2.0.0
headPodType: rayHeadType
podTypes:
  rayHeadType:
    CPU: 1
    memory: 1Gi
    annotations: {a: b}
  rayWorkerType:
    minWorkers: 2
    maxWorkers: 3
    CPU: 1
    memory: 1Gi
    envVars:
      - {name: A}
    affinity: {}
    cpu: 2
replicas: 3
=== args
--name
demo
=== code
2
=== notices
lossy: replicas: the old chart has no such value: it had no effect, and is left out
lossy: podTypes.rayHeadType.annotations: the old chart has no such value: it had no effect, and is left out
lossy: podTypes.rayWorkerType.affinity: the old chart has no such value: it had no effect, and is left out
lossy: podTypes.rayWorkerType.cpu: the old chart has no such value: it had no effect, and is left out
lossy: podTypes.rayWorkerType.envVars: the old chart has no such value: it had no effect, and is left out
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
