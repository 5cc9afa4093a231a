# rayResources: of what Ray knows, and custom ones.
=== values.yaml
image: rayproject/ray:2.0.0
headPodType: rayHeadType
podTypes:
  rayHeadType:
    CPU: 1
    memory: 1Gi
    rayResources: {CPU: 0}
  rayWorkerType:
    minWorkers: 2
    maxWorkers: 3
    CPU: 1
    memory: 1Gi
    rayResources: {GPU: 1, memory: 500000000, object_store_memory: 100000000, Custom: 5}
=== args
--name demo
