# GPU is a limit and a request, a whole number, and is not there when it is 0.
=== values.yaml
image: rayproject/ray:2.0.0
headPodType: rayHeadType
podTypes:
  rayHeadType: {CPU: 1, memory: 1Gi, GPU: 0}
  rayWorkerType: {minWorkers: 2, maxWorkers: 3, CPU: 1, memory: 1Gi, GPU: 2}
=== args
--name demo
