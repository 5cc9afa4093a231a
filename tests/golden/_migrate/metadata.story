# Labels and annotations are kept but for those of tools; finalizers and owners are told.
=== cr.yaml
apiVersion: cluster.ray.io/v1
kind: RayCluster
metadata:
  name: demo
  namespace: team
  labels: {team: a, app.kubernetes.io/managed-by: Helm}
  annotations:
    note: b
    kopf.zalando.org/last-handled-configuration: '{}'
    meta.helm.sh/release-name: demo
    kubectl.kubernetes.io/last-applied-configuration: '{}'
  finalizers: [kopf.zalando.org/KopfFinalizerMarker, example.com/mine]
  ownerReferences:
    - {apiVersion: v1, kind: ConfigMap, name: x, uid: '1'}
  uid: '1'
  resourceVersion: '5'
  generation: 3
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
=== code
2
=== notices
lossy: metadata.finalizers: a finalizer of somebody else is left out: whoever put it there puts it on the new object
lossy: metadata.ownerReferences: left out: whatever owns the old object does not own the new one
left out of podConfig, as raykeeper has them itself or needs them no more: the command that waits
=== want.yaml
apiVersion: ray.io/v1
kind: RayCluster
metadata:
  name: demo
  namespace: team
  labels:
    team: a
  annotations:
    note: b
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
