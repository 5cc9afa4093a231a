# Two generations of the chart in one file.
=== values.yaml
image: rayproject/ray:2.0.0
headPodType: rayHeadType
podTypes:
  rayHeadType: {CPU: 1, memory: 1Gi}
  rayWorkerType: {minWorkers: 2, maxWorkers: 3, CPU: 2, numCPU: 1, memory: 1Gi}
=== args
--name
demo
=== code
2
=== notices
lossy: podTypes.rayWorkerType.numCPU: stands beside CPU, its later spelling: left out
podTypes: CPU and numCPU, GPU and numGPU are mixed: one generation of the chart reads one of them
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
              cpu: "2"
              memory: 1Gi
            requests:
              cpu: "2"
              memory: 1Gi
