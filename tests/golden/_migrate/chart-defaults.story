# What a file that is laid over the chart's own values does not say comes from those, for the chart's own two types.
=== values.yaml
image: rayproject/ray:2.0.0
headPodType: rayHeadType
podTypes:
  rayHeadType: {}
  rayWorkerType: {CPU: 2}
=== args
--name demo
