# The template went through podTypes in the order of their names.
=== values.yaml
image: rayproject/ray:2.0.0
headPodType: rayHeadType
podTypes:
  rayHeadType: {CPU: 1, memory: 1Gi}
  b: {minWorkers: 2, maxWorkers: 3, CPU: 1, memory: 1Gi}
  a: {minWorkers: 2, maxWorkers: 3, CPU: 1, memory: 1Gi}
  B: {minWorkers: 2, maxWorkers: 3, CPU: 1, memory: 1Gi}
  rayWorkerType: {minWorkers: 2, maxWorkers: 3, CPU: 1, memory: 1Gi}
=== args
--name demo
