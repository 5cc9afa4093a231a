# Later charts knew an image of each type. Ray must be of one version in all.
=== values.yaml
image: rayproject/ray:2.0.0
headPodType: rayHeadType
podTypes:
  rayHeadType: {CPU: 1, memory: 1Gi}
  rayWorkerType: {minWorkers: 2, maxWorkers: 3, CPU: 1, memory: 1Gi, image: 'rayproject/ray:2.1.0-gpu'}
=== args
--name demo
