# maxWorkers of the head's type: it is a worker group too. The template counted it into the limit of all.
=== values.yaml
image: rayproject/ray:2.0.0
headPodType: rayHeadType
podTypes:
  rayHeadType: {CPU: 1, memory: 1Gi, minWorkers: 1, maxWorkers: 2}
  rayWorkerType: {minWorkers: 2, maxWorkers: 3, CPU: 1, memory: 1Gi}
=== args
--name demo
