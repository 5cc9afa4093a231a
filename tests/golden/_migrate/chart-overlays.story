# Several files as helm merges them: maps merge, null takes away, lists replace.
=== values.yaml
image: rayproject/ray:2.0.0
headPodType: rayHeadType
podTypes:
  rayHeadType: {CPU: 1, memory: 1Gi}
  rayWorkerType: {minWorkers: 2, maxWorkers: 3, CPU: 1, memory: 1Gi}
  extra:
    minWorkers: 2
    maxWorkers: 3
    CPU: 1
    memory: 1Gi
    tolerations:
      - {key: a}
      - {key: b}
    nodeSelector: {x: '1', y: '1'}
=== site.yaml
image: rayproject/ray:2.1.0
podTypes:
  rayWorkerType: null
  extra:
    tolerations:
      - {key: c}
    nodeSelector: {y: '2'}
=== more.yaml
podTypes:
  extra: {maxWorkers: 9}
=== args
--name demo
