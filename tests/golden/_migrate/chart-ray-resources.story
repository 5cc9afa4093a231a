# rayResources: of what Ray knows, and custom ones.
=== values.yaml
image: rayproject/ray:2.0.0
headPodType: rayHeadType
podTypes:
  rayHeadType:
    CPU: 1
    memory: 1Gi
    rayResources: {CPU: 0}
  rayWorkerType:
    minWorkers: 2
    maxWorkers: 3
    CPU: 1
    memory: 1Gi
    rayResources: {GPU: 1, memory: 500000000, object_store_memory: 100000000, Custom: 5}
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
      # rayResources
      num-cpus: "0"
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
      # rayResources
      num-gpus: "1"
      # rayResources
      memory: "500000000"
      # rayResources
      object-store-memory: "100000000"
      # rayResources, in the one shape that Ray's autoscaler reads
      resources: '"{\"Custom\": 5}"'
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
