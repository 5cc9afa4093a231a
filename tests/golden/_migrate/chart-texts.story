# The template printed what was there, so "2" and 2 are one.
=== values.yaml
image: rayproject/ray:2.0.0
headPodType: rayHeadType
podTypes:
  rayHeadType: {CPU: '2', memory: 2147483648}
  rayWorkerType: {minWorkers: '1', maxWorkers: '4', CPU: 1, memory: 1Gi, GPU: '1'}
=== args
--name
demo
=== code
0
=== notices
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
              cpu: "2"
              memory: "2147483648"
            requests:
              cpu: "2"
              memory: "2147483648"
  workerGroupSpecs:
  - groupName: rayWorkerType
    replicas: 1
    minReplicas: 1
    maxReplicas: 4
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
              nvidia.com/gpu: 1
            requests:
              cpu: "1"
              memory: 1Gi
              nvidia.com/gpu: 1
