# Setup commands of a type run before Ray starts, then what its start lines have in front.
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
    - name: a
      maxWorkers: 1
      setupCommands: [pip install -r /app/requirements.txt, mkdir -p /data;, echo $$ $(nproc) > /tmp/pid]
      podConfig:
        apiVersion: v1
        kind: Pod
        metadata: {generateName: a-}
        spec:
          containers:
            - name: ray-node
              image: rayproject/ray:2.0.0
              command: [/bin/bash, -c, --]
              args: ['trap : TERM INT; sleep infinity & wait;']
              resources:
                requests: {cpu: '1', memory: 1Gi}
                limits: {cpu: '1', memory: 1Gi}
    - name: b
      maxWorkers: 1
      workerSetupCommands: [echo b]
      podConfig:
        apiVersion: v1
        kind: Pod
        metadata: {generateName: b-}
        spec:
          containers:
            - name: ray-node
              image: rayproject/ray:2.0.0
              command: [/bin/bash, -c, --]
              args: ['trap : TERM INT; sleep infinity & wait;']
              resources:
                requests: {cpu: '1', memory: 1Gi}
                limits: {cpu: '1', memory: 1Gi}
    - name: c
      maxWorkers: 1
      podConfig:
        apiVersion: v1
        kind: Pod
        metadata: {generateName: c-}
        spec:
          containers:
            - name: ray-node
              image: rayproject/ray:2.0.0
              command: [/bin/bash, -c, --]
              args: ['trap : TERM INT; sleep infinity & wait;']
              resources:
                requests: {cpu: '1', memory: 1Gi}
                limits: {cpu: '1', memory: 1Gi}
  workerStartRayCommands: ['export A=1; ray start --address=$RAY_HEAD_IP:6379']
=== code
0
=== notices
spec.workerStartRayCommands: what stands before `ray start` runs before it in the container
spec.podTypes[1].setupCommands: runs in the container before `ray start`, each time it starts
spec.podTypes[2].workerSetupCommands: runs in the container before `ray start`, each time it starts
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
  - groupName: a
    replicas: 0
    minReplicas: 0
    maxReplicas: 1
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
          command:
          - pip install -r /app/requirements.txt && mkdir -p /data && echo $$$$ $(nproc) > /tmp/pid && export A=1
  - groupName: b
    replicas: 0
    minReplicas: 0
    maxReplicas: 1
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
          command:
          - echo b && export A=1
  - groupName: c
    replicas: 0
    minReplicas: 0
    maxReplicas: 1
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
          command:
          - export A=1
