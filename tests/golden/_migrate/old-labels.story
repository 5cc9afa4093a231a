# --old-labels: selectors of before go on finding pods. Not the label by which the cut-over deletes.
=== cr.yaml
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
      maxWorkers: 2
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
    - name: -odd-
      maxWorkers: 1
      podConfig:
        apiVersion: v1
        kind: Pod
        metadata: {generateName: -odd--}
        spec:
          containers:
            - name: ray-node
              image: rayproject/ray:2.0.0
              command: [/bin/bash, -c, --]
              args: ['trap : TERM INT; sleep infinity & wait;']
              resources:
                requests: {cpu: '1', memory: 1Gi}
                limits: {cpu: '1', memory: 1Gi}
=== args
--old-labels
=== code
2
=== notices
lossy: spec.podTypes[2].name: '-odd-' cannot be part of a pod's name: the group is called 'odd'
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
    template:
      metadata:
        labels:
          ray-node-type: head
          ray-user-node-type: head
          ray-node-name: ray-demo-head
          cluster.ray.io/component: demo-ray-head
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
    maxReplicas: 2
    rayStartParams:
      block: "true"
    template:
      metadata:
        labels:
          ray-node-type: worker
          ray-user-node-type: small
          ray-node-name: ray-demo-worker
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
  - groupName: odd
    replicas: 0
    minReplicas: 0
    maxReplicas: 1
    rayStartParams:
      block: "true"
    template:
      metadata:
        labels:
          ray-node-type: worker
          ray-node-name: ray-demo-worker
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
