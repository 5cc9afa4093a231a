{{/* Names and labels. Those of the Deployment and what it selects by are computed as KubeRay's chart does it, so that its release can be upgraded in place. */}}

{{- define "raykeeper.name" -}}
{{- default "kuberay-operator" .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end }}

{{- define "raykeeper.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if or (contains .Chart.Name .Release.Name) (contains (include "raykeeper.name" .) .Release.Name) -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end }}

{{/* A name with something behind it, of at most 63 characters. (list . "-config") */}}
{{- define "raykeeper.named" -}}
{{- $top := index . 0 -}}{{- $end := index . 1 -}}
{{- include "raykeeper.fullname" $top | trunc (int (sub 63 (len $end))) | trimSuffix "-" }}{{ $end -}}
{{- end }}

{{- define "raykeeper.selectorLabels" -}}
app.kubernetes.io/name: {{ include "raykeeper.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end }}

{{- define "raykeeper.labels" -}}
{{ include "raykeeper.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "raykeeper.account" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "raykeeper.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end }}

{{/* Does the image belong to KubeRay's operator? An older values file names it, and it cannot be run with our configuration. */}}
{{- define "raykeeper.imageIsTheirs" -}}
{{- if regexMatch "(^|/)kuberay[-/]operator$" (toString .Values.image.repository) }}yes{{ end -}}
{{- end }}

{{- define "raykeeper.image" -}}
{{- if include "raykeeper.imageIsTheirs" . -}}
raykeeper/raykeeper:{{ .Chart.AppVersion }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}
{{- end }}
