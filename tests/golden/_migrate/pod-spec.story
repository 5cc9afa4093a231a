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
