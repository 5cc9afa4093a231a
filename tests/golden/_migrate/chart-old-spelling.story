# The first charts said numCPU and numGPU.
=== values.yaml
image: rayproject/ray:2.0.0
headPodType: rayHeadType
podTypes:
  rayHeadType: {numCPU: 1, memory: 512Mi}
  rayWorkerType: {minWorkers: 2, maxWorkers: 3, numCPU: 1, numGPU: 1, memory: 512Mi}
=== args
--name demo
