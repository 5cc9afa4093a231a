# restartPolicy Never, the account of the launcher and a variable of the old chart go; all else of a pod stays as it is.
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
              env:
                - {name: RAY_gcs_server_rpc_server_thread_num, value: '1'}
                - {name: A, value: b}
              imagePullPolicy: Always
              securityContext: {runAsUser: 1000}
          restartPolicy: Never
          serviceAccountName: autoscaler
          nodeSelector: {a: b}
          tolerations:
            - {operator: Exists}
          imagePullSecrets:
            - {name: hub}
          affinity:
            nodeAffinity: {}
          priorityClassName: high
    - name: a
      maxWorkers: 3
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
              env:
                - {name: RAY_gcs_server_rpc_server_thread_num, value: '1'}
          restartPolicy: OnFailure
          serviceAccountName: mine
          initContainers:
            - {name: i, image: 'busybox:1.28'}
=== code
0
=== notices
left out of podConfig, as raykeeper has them itself or needs them no more: the command that waits, restartPolicy Never, env RAY_gcs_server_rpc_server_thread_num, serviceAccountName autoscaler
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
        nodeSelector:
          a: b
        tolerations:
        - operator: Exists
        imagePullSecrets:
        - name: hub
        affinity:
          nodeAffinity: {}
        priorityClassName: high
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
          imagePullPolicy: Always
          securityContext:
            runAsUser: 1000
          env:
          - name: A
            value: b
  workerGroupSpecs:
  - groupName: a
    replicas: 0
    minReplicas: 0
    maxReplicas: 3
    rayStartParams:
      block: "true"
    template:
      spec:
        restartPolicy: OnFailure
        serviceAccountName: mine
        initContainers:
        - name: i
          image: busybox:1.28
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
