# What the chart did not know is told, each by its place: no annotations, no environment, no affinity.
=== values.yaml
image: rayproject/ray:2.0.0
headPodType: rayHeadType
podTypes:
  rayHeadType:
    CPU: 1
    memory: 1Gi
    annotations: {a: b}
  rayWorkerType:
    minWorkers: 2
    maxWorkers: 3
    CPU: 1
    memory: 1Gi
    envVars:
      - {name: A}
    affinity: {}
    cpu: 2
replicas: 3
=== args
--name demo
