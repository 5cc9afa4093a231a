# --set as helm reads it: keys, indexes, lists, types, and what a backslash takes away.
=== values.yaml
image: rayproject/ray:2.0.0
headPodType: rayHeadType
podTypes:
  rayHeadType: {CPU: 1, memory: 1Gi}
  rayWorkerType:
    minWorkers: 2
    maxWorkers: 3
    CPU: 1
    memory: 1Gi
    tolerations:
      - {key: a, operator: Exists}
=== args
--name
demo
--set
image=rayproject/ray:2.1.0,podTypes.rayWorkerType.maxWorkers=12
--set
podTypes.rayWorkerType.tolerations[0].key=b
--set
podTypes.rayWorkerType.tolerations[1].key=c,podTypes.rayWorkerType.tolerations[1].operator=Exists
--set
podTypes.rayWorkerType.nodeSelector.example\.com/pool=x\,y
--set
podTypes.rayHeadType.rayResources.CPU=0
--set
imagePullSecrets={hub,other}
--set
podTypes.more.CPU=1,podTypes.more.memory=1Gi,podTypes.more.maxWorkers=1
--set
podTypes.rayWorkerType.nodeSelector.gone=null,podTypes.rayWorkerType.nodeSelector.empty=
=== code
0
=== notices
imagePullSecrets: were the old operator's alone: pods of the cluster have them too now
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
      # rayResources
      num-cpus: "0"
    template:
      spec:
        imagePullSecrets:
        - name: hub
        - name: other
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
  - groupName: more
    replicas: 0
    minReplicas: 0
    maxReplicas: 1
    rayStartParams:
      block: "true"
    template:
      spec:
        imagePullSecrets:
        - name: hub
        - name: other
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
  - groupName: rayWorkerType
    replicas: 2
    minReplicas: 2
    maxReplicas: 12
    rayStartParams:
      block: "true"
    template:
      spec:
        imagePullSecrets:
        - name: hub
        - name: other
        nodeSelector:
          empty: ""
          example.com/pool: x,y
        tolerations:
        - key: b
          operator: Exists
        - key: c
          operator: Exists
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
