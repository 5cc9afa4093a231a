# Several files as helm merges them: maps merge, null takes away, lists replace.
=== values.yaml
image: rayproject/ray:2.0.0
headPodType: rayHeadType
podTypes:
  rayHeadType: {CPU: 1, memory: 1Gi}
  rayWorkerType: {minWorkers: 2, maxWorkers: 3, CPU: 1, memory: 1Gi}
  extra:
    minWorkers: 2
    maxWorkers: 3
    CPU: 1
    memory: 1Gi
    tolerations:
      - {key: a}
      - {key: b}
    nodeSelector: {a: '1', b: '1'}
=== site.yaml
image: rayproject/ray:2.1.0
podTypes:
  rayWorkerType: null
  extra:
    tolerations:
      - {key: c}
    nodeSelector: {b: '2'}
=== more.yaml
podTypes:
  extra: {maxWorkers: 9}
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
  rayVersion: 2.1.0
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
          image: rayproject/ray:2.1.0
          resources:
            limits:
              cpu: "1"
              memory: 1Gi
            requests:
              cpu: "1"
              memory: 1Gi
  workerGroupSpecs:
  - groupName: extra
    replicas: 2
    minReplicas: 2
    maxReplicas: 9
    rayStartParams:
      block: "true"
    template:
      spec:
        nodeSelector:
          a: "1"
          b: "2"
        tolerations:
        - key: c
        containers:
        - name: ray-worker
          image: rayproject/ray:2.1.0
          resources:
            limits:
              cpu: "1"
              memory: 1Gi
            requests:
              cpu: "1"
              memory: 1Gi
